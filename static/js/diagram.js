// Draws the diagram of its page, which is a sandbox: nothing of the site is within reach.
(async () => {
  const box = document.getElementById("diagram");
  const root = document.documentElement;
  const theme = root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  Object.assign(document.body.style, { margin: "12px", font: "14px/1.5 system-ui, sans-serif" });
  Object.assign(box.style, { margin: 0, textAlign: "center" });
  const high = () => ({ frame: root.dataset.frame, height_px: Math.ceil(root.getBoundingClientRect().height) + 2 });
  const tell = () => parent.postMessage(high(), "*");
  const config = { startOnLoad: false, securityLevel: "strict", htmlLabels: false, suppressErrorRendering: true,
    maxTextSize: 20000, maxEdges: 500, fontFamily: "system-ui, sans-serif", theme: theme === "dark" ? "dark" : "neutral" };
  // What is fixed here, no text changes.
  mermaid.initialize({ ...config, secure: [...Object.keys(config), "secure", "themeCSS", "themeVariables", "flowchart"] });
  try {
    box.innerHTML = (await mermaid.render("drawn", box.textContent)).svg;
  } catch ({ message }) {
    const problem = document.querySelector("[role=alert]");
    problem.textContent = `This diagram cannot be drawn. ${message.split("\n")[0].replace(/:?$/, ".")} Its author can mend it.`;
    problem.hidden = false;
  }
  tell(); // at once: of a frame that is out of sight nothing is observed
  new ResizeObserver(tell).observe(root);
})();
