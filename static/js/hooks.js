// What HTML cannot do. Everything else is htmx: the server renders, the socket carries.
(() => {
  const state = document.body.dataset;
  const byId = (id) => document.getElementById(id);
  const on = (type, act, capture = false) => document.addEventListener(type, act, capture);
  const remove = (el) => el && htmx.swap({ sourceElement: el, target: el, swap: "delete", text: "" });

  // The connection. Captured, so that the state is set before anything is sent again.
  on("htmx:ws:after:connection", () => (state.net = "up"), true);
  // Closed for good: signed out, or shut out.
  on("htmx:ws:close", ({ detail }) => (state.net = "down", [4001, 4003].includes(detail.code) && location.reload()));
  // What is shown while the site is away; http in a LAN has no such thing.
  navigator.serviceWorker?.register("/sw.js").catch(() => 0);
  // A page out of the back-forward cache has a dead socket that never comes back.
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  // A far side that vanished without a word: a ping that nothing follows ends the connection.
  // htmx closes the old one as it opens the new; a closing by us waits for the other side.
  let watch, last; // the latter: what the keyboard has brought the focus to
  const lose = (socket) => (watch = void socket.dispatchEvent(new CloseEvent("close", { code: 1006 })));
  on("htmx:ws:before:message:incoming", () => (watch = clearTimeout(watch)), true);
  on("htmx:ws:before:message:outgoing", (event) => {
    // Offline nothing is queued: the bubbles themselves are what is sent on return.
    const { type, on: typing } = event.detail.message.values;
    if (state.net !== "up" || (type === "typing" && typing && !byId("body").value)) event.preventDefault();
    else if (type === "ping") watch ??= setTimeout(lose, 5e3, event.detail.connection.socket);
  });

  // Keys: an element is clicked by its data-key while the focus is in what its data-in
  // names; the arrows go through what stands in a data-arrows.
  const held = (event) => ["Control", "Meta", "Alt", "Shift"].filter((one) => event.getModifierState?.(one));
  on("keydown", (event) => {
    const { target, key, isComposing, defaultPrevented } = event;
    const name = [...held(event), key].join("+").replace(/Control|Meta/, "mod").toLowerCase();
    const fits = ({ dataset }) => dataset.key.split(" ").includes(name) && target.matches(dataset.in ?? "*");
    const hit = [...document.querySelectorAll("[data-key]")].find(fits);
    const step = { arrowdown: 1, arrowup: -1 }[name];
    const stops = [...((step && target.closest("[data-arrows]"))?.querySelectorAll("input, a, button") ?? [])];
    if (isComposing || defaultPrevented || !(hit ?? stops[0])) return;
    event.preventDefault();
    hit ? hit.click() : stops.at((stops.indexOf(target) + step) % stops.length).focus();
  });

  // Where a change takes it away, the focus goes to what stands there instead, or to the message box.
  on("focusin", ({ target }) => (last = target.matches(":focus-visible") ? target : null));
  on("htmx:after:swap", () => {
    if (!last || last.checkVisibility() || ![last, document.body].includes(document.activeElement)) return;
    ([...(last.parentElement?.children ?? [])].find((el) => el.checkVisibility()) ?? byId("body"))?.focus();
  });

  // Sending: a bubble at once, under an id that makes a repeat harmless.
  // randomUUID exists on https and localhost only; a server in the LAN has neither.
  const uuid = () => "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx".replace(/x/g, () =>
    (crypto.getRandomValues(new Uint8Array(1))[0] & 15).toString(16));
  // Nothing to see, or more code points than fit: not to be sent, and nothing is cut off.
  // Within a fence Enter is a new line of the code.
  const judge = ({ value, form, dataset }) => {
    const excess = [...value.trimEnd()].length - dataset.max;
    form.elements.excess.value = excess > 0 ? excess.toLocaleString() : "";
    form.querySelector(".composer__send").disabled = excess > 0 || !value.trim();
    form.toggleAttribute("data-code", value.split(/^ {0,3}```/m).length % 2 === 0);
  };
  on("input", ({ target }) => target.id === "body" && judge(target));
  on("submit", ({ target: form }) => {
    if (!form.matches("[data-optimistic]")) return;
    const bubble = byId("pending").content.firstElementChild.cloneNode(true);
    const { body, client_id } = form.elements;
    bubble.id = `p-${(bubble.elements.client_id.value = client_id.value)}`;
    bubble.elements.body.value = bubble.querySelector(".msg__bubble").textContent = body.value;
    htmx.process(byId("pending-list").appendChild(bubble));
    client_id.value = uuid(); // of the next one; htmx has read the form
    if (body.id === "body") body.value = "", judge(body);
    byId("body").focus(), (byId("scroll").scrollTop = 0); // of a reversed column: the bottom
  });
  // What waits to be sent is lost with its page: the browser asks whether to leave it.
  addEventListener("beforeunload", (event) => document.querySelector(".msg--pending") && event.preventDefault());
  // Suggestions while one writes: the server's list for what follows an @, a : or a /.
  on("text-expander-change", ({ target, detail: { key, text, provide } }) => {
    const query = new URLSearchParams({ kind: key, q: text, at: target.querySelector("textarea").selectionEnd - text.length });
    const came = htmx.ajax("GET", `${target.dataset.src}?${query}`, { source: target });
    provide(came.then((_, list = byId("suggestions").firstElementChild) => ({ matched: list, fragment: list })));
  }, true);
  on("text-expander-value", ({ detail }) => (detail.value = detail.item.dataset.value), true);
  on("click", ({ target }) => {
    const [insert, box, hit] = [target.closest("[data-insert]")?.dataset.insert, byId("body"), target.closest("#palette a")];
    const [picked, [head, tail = ""]] = [box?.value.slice(box.selectionStart, box.selectionEnd), (insert ?? "").split("…")];
    // As if it were typed, around what is selected: it can be undone, and all who listen hear of it.
    if (insert) box.focus(), document.execCommand("insertText", 0, head + picked + tail), picked || (box.selectionEnd -= tail.length);
    if (target.closest("[data-discard]")) remove(target.closest("form")), byId("body").focus();
    // The clipboard API needs https, this does not.
    const copy = target.closest("[data-copy]"), { copy: from, copied } = copy?.dataset ?? {};
    if (copy) getSelection().selectAllChildren(byId(from)), document.execCommand("copy") && (copy.innerText = copied);
    // A hit in this page: going there takes the focus from everything, after the click.
    if (hit) hit.closest("form").reset(), byId("palette").hidePopover(), setTimeout(() => box && hooks.Box(box), 99);
  });
  // The log grows upwards, so a message that is unfolded would show its end.
  on("toggle", ({ target }) => target.closest(".msg")?.scrollIntoView(), true);

  // The sandbox of a diagram says how high it is, and can say nothing else.
  addEventListener("message", ({ data }) => ((byId(data?.frame) ?? {}).height = data?.height_px));

  // Times and days, in the reader's zone; in the page's language, as the browser's region has it.
  const { lang } = document.documentElement, spoken = [...navigator.languages.filter((one) => one.startsWith(lang)), lang];
  const said = { hour: "numeric", minute: "2-digit" }, whole = { dateStyle: "full", timeStyle: "short" };
  const [clock, full, long] = [said, whole, { dateStyle: "full" }].map((one) => new Intl.DateTimeFormat(spoken, one));
  const dayOf = (msg) => new Date(msg.querySelector("time").dateTime).setHours(0, 0, 0, 0);
  const dayName = (day, ago = Math.round((new Date().setHours(0, 0, 0, 0) - day) / 864e5)) =>
    ago < 2 ? new Intl.RelativeTimeFormat(spoken, { numeric: "auto" }).format(-ago, "day") : long.format(day);
  const beside = (el, to, end) => el[`${to}ElementSibling`] ?? el.parentElement?.[`${to}ElementSibling`]?.[`${end}ElementChild`];
  const markDay = (msg) => {
    if (!msg?.matches(".msg[data-seq]")) return;
    const before = beside(msg, "previous", "last");
    if (before?.matches(".msg[data-seq]") && dayOf(before) === dayOf(msg)) delete msg.dataset.day;
    else msg.dataset.day = dayName(dayOf(msg));
  };

  // Hooks: a data-hook is mounted whenever its element comes into the page.
  const hooks = {
    Bell: (el) => (document.title = el.dataset.count + (state.title ??= document.title)),
    Time: (el, at = new Date(el.dateTime)) => ([el.textContent, el.title] = [clock.format(at), full.format(at)]),
    Slow: (el) => el.textContent || document.querySelectorAll(".msg--refused[hx-trigger*=every]").forEach((p) => p.requestSubmit()),
    Box: (box) => (judge(box), matchMedia("(pointer: fine)").matches && box.focus({ preventScroll: true })),
    Scroll: (log, see = ([end]) => log.toggleAttribute("data-away", !end.isIntersecting)) =>
      new IntersectionObserver(see, { root: log, rootMargin: "80px" }).observe(byId("end")),
    Msg: (msg) => (remove(byId(`p-${msg.dataset.clientId}`)), [msg, beside(msg, "next", "first")].forEach(markDay)),
  };
  const mount = (root) => [root, ...root.querySelectorAll("[data-hook]")].forEach((el) => hooks[el.dataset.hook]?.(el));
  const added = (records) => records.flatMap(({ addedNodes }) => [...addedNodes]).filter((el) => el.dataset);
  new MutationObserver((records) => added(records).forEach(mount)).observe(document.body, { childList: true, subtree: true });
  mount(document.body);
})();
