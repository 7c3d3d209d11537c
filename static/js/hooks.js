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
  on("htmx:ws:before:message:outgoing", (event) => {
    const { values } = event.detail.message;
    delete values.csrfmiddlewaretoken; // a secret of forms, no field of a frame
    // Offline nothing is queued: the bubbles themselves are what is sent on return.
    const stale = values.type === "typing" && values.on && !byId("body").value;
    if (state.net !== "up" || stale) event.preventDefault();
  });

  // Sending: a bubble at once, under an id that makes a repeat harmless.
  // randomUUID exists on https and localhost only; a server in the LAN has neither.
  const digit = () => (crypto.getRandomValues(new Uint8Array(1))[0] & 15).toString(16);
  const uuid = () => "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx".replace(/x/g, digit);
  on("keydown", (event) => {
    if (event.target.id !== "body" || event.key !== "Enter") return;
    if (event.shiftKey || event.isComposing) return;
    event.preventDefault();
    event.target.form.requestSubmit();
  });
  on("submit", (event) => {
    if (!event.target.matches("[data-optimistic]")) return;
    const { body, client_id } = event.target.elements;
    if (body.value.trim()) return void (client_id.value = uuid());
    event.preventDefault();
    event.stopPropagation();
  }, true); // before htmx reads the form
  on("submit", ({ target: form }) => {
    if (!form.matches("[data-optimistic]")) return;
    const bubble = byId("pending").content.firstElementChild.cloneNode(true);
    const { body, client_id } = form.elements;
    bubble.id = `p-${client_id.value}`;
    bubble.elements.client_id.value = client_id.value;
    bubble.elements.body.value = bubble.querySelector(".msg__bubble").textContent = body.value;
    byId("pending-list").append(bubble);
    htmx.process(bubble);
    if (body.id === "body") body.value = "";
    byId("body").focus();
    byId("scroll").scrollTop = 0; // of a reversed column: the bottom
  });
  on("click", ({ target }) => {
    if (target.closest("[data-discard]")) remove(target.closest("form"));
  });
  on("animationend", ({ target }) => target.matches(".toast") && target.remove());

  // Times and days, in the reader's zone.
  const clock = new Intl.DateTimeFormat([], { hour: "numeric", minute: "2-digit" });
  const full = new Intl.DateTimeFormat([], { dateStyle: "full", timeStyle: "short" });
  const long = new Intl.DateTimeFormat("en", { weekday: "long", day: "numeric", month: "long" });
  const dayOf = (msg) => new Date(msg.querySelector("time").dateTime).setHours(0, 0, 0, 0);
  const dayName = (day) => {
    const ago = Math.round((new Date().setHours(0, 0, 0, 0) - day) / 864e5);
    return ["Today", "Yesterday"][ago] ?? long.format(day);
  };
  const beside = (msg, way, end) =>
    msg[`${way}ElementSibling`] ?? msg.parentElement[`${way}ElementSibling`]?.[`${end}ElementChild`];
  const markDay = (msg) => {
    if (!msg?.matches(".msg[data-seq]")) return;
    const before = beside(msg, "previous", "last");
    const opens = !before?.matches(".msg[data-seq]") || dayOf(before) !== dayOf(msg);
    if (opens) msg.dataset.day = dayName(dayOf(msg));
    else delete msg.dataset.day;
  };

  // Hooks: a data-hook is mounted whenever its element comes into the page.
  const hooks = {
    Time(time) {
      const at = new Date(time.dateTime);
      time.textContent = clock.format(at);
      time.title = full.format(at);
    },
    Box: (box) => matchMedia("(pointer: fine)").matches && box.focus({ preventScroll: true }),
    Scroll: (log) =>
      new IntersectionObserver(([end]) => log.toggleAttribute("data-away", !end.isIntersecting), {
        root: log,
        rootMargin: "80px",
      }).observe(byId("end")),
  };
  const mount = (root) => {
    const found = (selector) => [...(root.matches(selector) ? [root] : []), ...root.querySelectorAll(selector)];
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

  // Safari before 26.2 has no invoker commands.
  if (!("commandForElement" in HTMLButtonElement.prototype))
    on("click", ({ target }) => {
      const button = target.closest("[commandfor]");
      if (button) byId(button.getAttribute("commandfor"))[button.getAttribute("command") === "close" ? "close" : "showModal"]();
    });
})();
