// Draws each chart over its still picture. The interpreter (ast) needs no eval; colours come from the style sheet.
const options = {
  ast: true, actions: false, renderer: "svg", defaultStyle: false, tooltip: { disableDefaultStyle: true },
};
for (const figure of document.querySelectorAll("figure.chart")) {
  const spec = JSON.parse(figure.querySelector("script").textContent);
  figure.classList.add("drawn"); // first, because the chart takes the width of a box that must be there
  vegaEmbed(figure.querySelector(".live"), spec, options).catch(() => figure.classList.remove("drawn"));
}
