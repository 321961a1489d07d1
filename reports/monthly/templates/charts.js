"use strict";
// Draws each chart when it comes near the screen, the others when the browser is idle, all of them before printing.
// Without this script, or without DecompressionStream, the page is complete in words and tables.
(() => {
  const root = document.documentElement;
  root.classList.add("charts");

  const unpacked = async (id) => {
    const packed = atob(document.getElementById(id).textContent);
    const bytes = new Uint8Array(packed.length);
    for (let i = 0; i < packed.length; i += 1) bytes[i] = packed.charCodeAt(i);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).text();
  };

  const runScript = (text) => {
    const script = document.createElement("script");
    script.textContent = text;
    document.head.append(script);
    script.remove();
  };

  const draw = (element, content) => {
    const width = Math.floor(element.clientWidth);
    if (!width || Number(element.dataset.width) === width) return;
    const isNew = !element.dataset.width;
    element.dataset.width = width;
    if (!isNew) {
      Plotly.relayout(element, { width });
      fit(element);
      return;
    }
    const { data, layout } = content.charts[element.id];
    Plotly.newPlot(element, data, { ...layout, template: content.template, width }, { displayModeBar: false });
    element.addEventListener("keydown", walk);
    element.addEventListener("blur", () => { Plotly.Fx.unhover(element); told(element).textContent = ""; });
    fit(element);
  };

  // With a viewBox a drawing shrinks to the paper's columns instead of being cut.
  const fit = (element) => {
    for (const svg of element.querySelectorAll(".main-svg")) {
      svg.setAttribute("viewBox", `0 0 ${svg.getAttribute("width")} ${svg.getAttribute("height")}`);
    }
  };

  const told = (element) => element.parentElement.querySelector(".now-at");

  // The arrow keys lead from point to point; each is shown as by the mouse, and told to those who do not see it.
  const walk = (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const element = event.currentTarget;
    const points = element.data
      .flatMap(({ x, y, text }, curveNumber) => x.map((at, pointNumber) => ({ at, y: y[pointNumber], curveNumber, pointNumber, text: text[pointNumber] })))
      .filter(({ y, text }) => y !== null && text)
      .sort((one, other) => element.data[0].orientation === "h" ? other.y - one.y : one.at - other.at);
    if (!points.length) return;
    const before = points.findIndex(({ text }) => text === element.dataset.at);
    const found = points[before < 0 ? (step > 0 ? 0 : points.length - 1) : (before + step + points.length) % points.length];
    element.dataset.at = found.text;
    Plotly.Fx.hover(element, [{ curveNumber: found.curveNumber, pointNumber: found.pointNumber }]);
    told(element).textContent = plain(found.text.replace("<br>", ": "));
  };

  const plain = (text) => {
    const holder = document.createElement("textarea");
    holder.innerHTML = text;
    return holder.value;
  };

  const start = async () => {
    if (!document.getElementById("plotly")) return;
    runScript(await unpacked("plotly"));
    const content = JSON.parse(await unpacked("chart-data"));
    const elements = [...document.querySelectorAll(".chart")];
    const near = new Set();
    const watch = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        if (isIntersecting) near.add(target);
        else near.delete(target);
        if (isIntersecting) draw(target, content);
      }
    }, { rootMargin: "50% 0px" });
    for (const element of elements) watch.observe(element);

    let resizing = 0;
    window.addEventListener("resize", () => {
      clearTimeout(resizing);
      resizing = setTimeout(() => { for (const element of near) draw(element, content); }, 150);
    });

    const undrawn = () => elements.filter((element) => !element.dataset.width);
    window.addEventListener("beforeprint", () => { for (const element of undrawn()) draw(element, content); });
    const idle = window.requestIdleCallback ?? ((work) => setTimeout(work, 50));
    const rest = () => {
      const next = undrawn()[0];
      if (next) draw(next, content);
      if (next && next.dataset.width) idle(rest);
      else root.dataset.charts = "drawn";
    };
    idle(rest);
  };

  const startOrDoWithout = () => start().catch((problem) => {
    root.classList.remove("charts");
    console.warn("The charts could not be drawn; the tables hold the same figures.", problem);
  });
  document.addEventListener("DOMContentLoaded", startOrDoWithout);
})();
