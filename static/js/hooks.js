// What HTML cannot do. Everything else is htmx: the server renders, the socket carries.
(() => {
  const state = document.body.dataset;
  const byId = (id) => document.getElementById(id);
  const on = (type, act, capture = false) => document.addEventListener(type, act, capture);
  const remove = (el) => el && htmx.swap({ sourceElement: el, target: el, swap: "delete", text: "" });

  // The connection. Captured, so that the state is set before anything is sent again.
  on("htmx:ws:after:connection", () => (state.net = "up"), true);
  on("htmx:ws:close", ({ detail }) => {
    state.net = "down";
    if ([4001, 4003].includes(detail.code)) location.reload(); // signed out, or shut out
  });
  // A page out of the back-forward cache has a dead socket that never comes back.
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  // A far side that vanished without a word: a ping that nothing follows ends the connection.
  // htmx closes the old one as it opens the new; a closing by us waits for the other side.
  let watch;
  const lose = (socket) => (watch = void socket.dispatchEvent(new CloseEvent("close", { code: 1006 })));
  on("htmx:ws:before:message:incoming", () => (watch = clearTimeout(watch)), true);
  on("htmx:ws:before:message:outgoing", (event) => {
    // Offline nothing is queued: the bubbles themselves are what is sent on return.
    const { type, on: typing } = event.detail.message.values;
    const stale = type === "typing" && typing && !byId("body").value;
    if (state.net !== "up" || stale) event.preventDefault();
    else if (type === "ping") watch ??= setTimeout(lose, 5e3, event.detail.connection.socket);
  });

  // htmx looks up all targets of a frame before it places anything, so rows that follow
  // a new section in the same frame find none yet; a selector is looked up in its turn.
  on("htmx:before:swap", ({ detail }) => {
    for (const task of detail.tasks)
      if (!task.target && task.swapSpec.style === "beforeend" && task.fragment.querySelector(".msg"))
        task.target = "#messages > .chunk:last-of-type";
  });

  // Sending: a bubble at once, under an id that makes a repeat harmless.
  // randomUUID exists on https and localhost only; a server in the LAN has neither.
  const digit = () => (crypto.getRandomValues(new Uint8Array(1))[0] & 15).toString(16);
  const uuid = () => "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx".replace(/x/g, digit);
  on("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.target.id !== "body") return;
    event.preventDefault();
    event.target.form.querySelector("button").click(); // does nothing while it is disabled
  });
  // Nothing to see, or more code points than fit: not to be sent, and nothing is cut off.
  const judge = ({ value, form, dataset }) => {
    const excess = [...value.trimEnd()].length - dataset.max;
    form.elements.excess.value = excess > 0 ? excess.toLocaleString() : "";
    form.querySelector("button").disabled = excess > 0 || !value.trim();
  };
  on("input", ({ target }) => target.id === "body" && judge(target));
  on("submit", ({ target: form }) => {
    if (!form.matches("[data-optimistic]")) return;
    const bubble = byId("pending").content.firstElementChild.cloneNode(true);
    const { body, client_id } = form.elements;
    bubble.id = `p-${(bubble.elements.client_id.value = client_id.value)}`;
    bubble.elements.body.value = bubble.querySelector(".msg__bubble").textContent = body.value;
    byId("pending-list").append(bubble);
    htmx.process(bubble);
    client_id.value = uuid(); // of the next one; htmx has read the form
    if (body.id === "body") body.value = "", judge(body);
    byId("body").focus();
    byId("scroll").scrollTop = 0; // of a reversed column: the bottom
  });
  on("click", ({ target }) => {
    if (target.closest("[data-discard]")) remove(target.closest("form")), byId("body").focus();
    const copy = target.closest("[data-copy]"); // the clipboard API needs https, this does not
    if (copy) getSelection().selectAllChildren(byId(copy.dataset.copy));
    if (copy && document.execCommand("copy")) copy.textContent = "Copied";
  });
  // The log grows upwards, so a message that is unfolded would show its end.
  on("toggle", ({ target }) => target.closest(".msg")?.scrollIntoView(), true);

  // Times and days, in the reader's zone.
  const clock = new Intl.DateTimeFormat([], { hour: "numeric", minute: "2-digit" });
  const full = new Intl.DateTimeFormat([], { dateStyle: "full", timeStyle: "short" });
  const long = new Intl.DateTimeFormat("en", { dateStyle: "full" });
  const dayOf = (msg) => new Date(msg.querySelector("time").dateTime).setHours(0, 0, 0, 0);
  const daysAgo = (day) => Math.round((new Date().setHours(0, 0, 0, 0) - day) / 864e5);
  const dayName = (day) => ["Today", "Yesterday"][daysAgo(day)] ?? long.format(day);
  const beside = (msg, way, end) =>
    msg[`${way}ElementSibling`] ?? msg.parentElement[`${way}ElementSibling`]?.[`${end}ElementChild`];
  const markDay = (msg) => {
    if (!msg?.matches(".msg[data-seq]")) return;
    const before = beside(msg, "previous", "last");
    const opens = !before?.matches(".msg[data-seq]") || dayOf(before) !== dayOf(msg);
    opens ? (msg.dataset.day = dayName(dayOf(msg))) : delete msg.dataset.day;
  };

  // Hooks: a data-hook is mounted whenever its element comes into the page.
  const hooks = {
    Time(time, at = new Date(time.dateTime)) {
      [time.textContent, time.title] = [clock.format(at), full.format(at)];
    },
    Box(box) {
      judge(box);
      if (matchMedia("(pointer: fine)").matches) box.focus({ preventScroll: true });
    },
    Scroll(log) {
      const see = ([end]) => log.toggleAttribute("data-away", !end.isIntersecting);
      new IntersectionObserver(see, { root: log, rootMargin: "80px" }).observe(byId("end"));
    },
  };
  const mount = (root) => {
    const found = (css) => [...(root.matches(css) ? [root] : []), ...root.querySelectorAll(css)];
    for (const el of found("[data-hook]")) hooks[el.dataset.hook]?.(el);
    for (const msg of found(".msg[data-seq]")) {
      remove(byId(`p-${msg.dataset.clientId}`));
      markDay(msg);
      markDay(beside(msg, "next", "first"));
    }
  };
  new MutationObserver((records) => {
    for (const { addedNodes } of records)
      for (const node of addedNodes) if (node.isConnected && node.matches) mount(node);
  }).observe(document.body, { childList: true, subtree: true });
  mount(document.body);
})();
