{% load static %}// The service worker, which shows notifications while no page is open and a page while the
// site is away; and, loaded by the page of notifications, what asks the browser for them.
// They share nothing else.
"use strict";

const show = ({ tag, title, body, url }) =>
  registration.showNotification(title, { tag, body, data: url, renotify: true, icon: "{% static 'favicon.svg' %}" });

const close = async (tag) => (await registration.getNotifications({ tag })).forEach((one) => one.close());

const open = async (url) => {
  const pages = await clients.matchAll({ type: "window", includeUncontrolled: true });
  const there = pages.find((page) => new URL(page.url).pathname === url);
  return there ? there.focus() : clients.openWindow(url);
};

const KEPT = ["{% url 'offline' %}", "{% static 'css/app.css' %}"];

const keep = async () => (await caches.open("offline")).addAll(KEPT.map((url) => new Request(url, { cache: "reload" })));

const instead = async (request) => (await caches.match(request.mode === "navigate" ? KEPT[0] : request)) ?? Response.error();

const serve = () => {
  addEventListener("install", (event) => event.waitUntil(keep()));
  addEventListener("fetch", (event) => {
    const { request } = event;
    if (request.mode === "navigate" || request.destination === "style")
      event.respondWith(fetch(request).catch(() => instead(request)));
  });
  addEventListener("push", (event) => {
    const told = event.data.json();
    event.waitUntil(told.close ? close(told.tag) : show(told));
  });
  addEventListener("notificationclick", (event) => {
    event.notification.close();
    event.waitUntil(open(event.notification.data));
  });
};

const offer = (form) => {
  const workers = navigator.serviceWorker; // on https and localhost only
  if (!form || !workers || !self.PushManager) return;
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    if (form.elements.subscription.value) return;
    event.preventDefault();
    try {
      await workers.register("/sw.js");
      const { pushManager } = await workers.ready;
      const wanted = { userVisibleOnly: true, applicationServerKey: form.dataset.key };
      // One of another key, from before the site had this one, cannot be taken over.
      const ask = () => pushManager.subscribe(wanted);
      const made = await ask().catch(async () => (await (await pushManager.getSubscription())?.unsubscribe(), ask()));
      form.elements.subscription.value = JSON.stringify(made);
      form.requestSubmit();
    } catch (error) {
      const why = Notification.permission === "denied" ? form.dataset.denied : form.dataset.failed;
      form.querySelector("[role=alert]").textContent = why;
    }
  });
};

self.document ? offer(document.querySelector("[data-push]")) : serve();
