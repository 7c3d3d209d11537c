// Draws the diagram of its page, which is a sandbox: nothing of the site is within reach.
(async () => {
  const [box, root] = [document.getElementById("diagram"), document.documentElement];
  const [{ frame, config, theme }, problem] = [root.dataset, document.querySelector("[role=alert]")];
  const source = box.textContent;
  Object.assign(document.body.style, { margin: "12px", font: "14px/1.5 system-ui, sans-serif" });
  Object.assign(box.style, { margin: 0, textAlign: "center", display: "block", visibility: "hidden" });
  const dark = theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const height_px = () => Math.ceil(root.getBoundingClientRect().height) + 2;
  const tell = () => parent.postMessage({ frame, height_px: height_px() }, "*");
  mermaid.initialize({ ...JSON.parse(config), theme: dark ? "dark" : "neutral" });
  const drawn = await mermaid.render("drawn", source, box).catch(({ message }) => ({ message }));
  if (drawn.svg) box.innerHTML = drawn.svg;
  else [box.textContent, problem.querySelector("q").textContent] = [source, drawn.message.split("\n")[0]];
  problem.hidden = Boolean(drawn.svg);
  Object.assign(box.style, { visibility: "visible", textAlign: drawn.svg ? "center" : "start" });
  tell(); // at once: of a frame that is out of sight nothing is observed
  new ResizeObserver(tell).observe(root);
})();
