// Draws panels.json from Prometheus' HTTP API, anew every few seconds. No library, and nothing from elsewhere.
"use strict";

const COLOURS = ["#5b9cff", "#f2b84b", "#54d18c", "#e8709b", "#a78bfa", "#4fd1d9", "#f28b50", "#c5d86d", "#9aa7b8"];
const SECONDS = 5;
const HEIGHT = 170, LEFT = 46, BOTTOM = 18;
const byId = (id) => document.getElementById(id);
const colours = new Map();

async function ask(path, parameters) {
  const answer = await fetch(`api/v1/${path}?${new URLSearchParams(parameters)}`);
  const body = await answer.json();
  if (body.status !== "success") throw new Error(body.error);
  return body.data;
}

// What each thing is drawn in: a team or a model has one colour wherever it is.
function colour(name) {
  const thing = name.replace(/ p\d+$/, "");
  if (!colours.has(thing)) colours.set(thing, COLOURS[colours.size % COLOURS.length]);
  return colours.get(thing);
}

function named(legend, labels) {
  // A model without who offers it, where, and of which version.
  const short = (text) => text.replace(/^.*\/|-\d{8}-v\d.*$|-v\d+:\d+$/g, "").replace(/^(?:(?:us|eu|apac|jp|au|global|us-gov)\.)?[a-z0-9]+\./, "");
  const name = (label) => label === "model" ? short(labels.model ?? "") : labels[label] ?? "";
  // Of several labels those say nothing that are not known.
  return (legend || "").replace(/{{(\w+)}}/g, (_, label) => name(label)).replace(/(^| )- /g, "$1").trim();
}

function told(value, unit) {
  if (!Number.isFinite(value)) return "–";
  if (unit === "percent") return `${value.toFixed(value >= 99.95 || value < 10 ? 0 : 1)} %`;
  if (unit === "ms") return value >= 1000 ? `${(value / 1000).toFixed(1)} s` : `${Math.round(value)} ms`;
  const text = value >= 1e6 ? `${(value / 1e6).toFixed(1)} M` : value >= 1e4 ? `${Math.round(value / 1e3)} k`
    : value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value >= 1 || value === 0 ? value.toFixed(value % 1 ? 1 : 0) : value.toFixed(2);
  return unit === "money" ? `$ ${text}` : text;
}

const node = (name, attributes, ...children) => {
  const made = name === "svg" || SHAPES.has(name) ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
};
const SHAPES = new Set(["path", "line", "text", "rect", "g", "title"]);

// Steps of the upright axis: one, two or five of a power of ten.
function steps(most) {
  const rough = most / 4 || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * power).find((step) => step >= rough);
  return Array.from({length: Math.floor(most / step + 1e-9) + 1}, (_, at) => at * step);
}

async function series(panel, from, to, step, window) {
  const all = [{expr: panel.expr, legend: panel.legend}, ...(panel.more || [])];
  const answers = await Promise.all(all.map(({expr}) =>
    ask("query_range", {query: expr.replaceAll("$window", window), start: from, end: to, step})));
  return answers.flatMap(({result}, at) => result.map(({metric, values}) => ({
    name: named(all[at].legend, metric),
    values: new Map(values.map(([time, value]) => [Math.round((time - from) / step), Number(value)])),
  }))).sort((a, b) => a.name.localeCompare(b.name));
}

function chart(panel, found, from, to, count, width) {
  const isArea = panel.kind === "area";
  const at = (one, place) => { const value = one.values.get(place); return Number.isFinite(value) ? value : null; };
  const sum = (place) => found.reduce((sum, one) => sum + (at(one, place) ?? 0), 0);
  const places = Array.from({length: count + 1}, (_, place) => place);
  const highest = isArea ? Math.max(...places.map(sum)) : Math.max(...found.flatMap((one) => places.map((place) => at(one, place) ?? 0)));
  const most = highest > 0 ? highest * 1.08 : 1;
  const x = (place) => LEFT + (width - LEFT) * place / count;
  const y = (value) => (HEIGHT - BOTTOM) * (1 - value / most) + 4;
  const svg = node("svg", {viewBox: `0 0 ${width} ${HEIGHT}`});
  for (const step of steps(most)) {
    svg.append(node("line", {class: "grid", x1: LEFT, x2: width, y1: y(step), y2: y(step)}),
      node("text", {x: LEFT - 6, y: y(step) + 4, "text-anchor": "end"}, told(step, panel.unit)));
  }
  const seconds = to - from < 600 ? {second: "2-digit"} : {};
  for (const part of [0, 0.25, 0.5, 0.75, 1]) {
    const time = new Date(1000 * (from + part * (to - from))).toLocaleTimeString([], {hour: "2-digit", minute: "2-digit", ...seconds, hourCycle: "h23"});
    svg.append(node("text", {x: x(part * count), y: HEIGHT, "text-anchor": part === 0 ? "start" : part === 1 ? "end" : "middle"}, time));
  }
  const below = places.map(() => 0);
  for (const one of found) {
    const up = places.map((place) => isArea ? below[place] + (at(one, place) ?? 0) : at(one, place));
    let line = "";
    places.forEach((place) => { if (up[place] !== null) line += `${line && up[place - 1] !== null ? "L" : "M"}${x(place).toFixed(1)} ${y(up[place]).toFixed(1)}`; });
    if (isArea) {
      const back = [...places].reverse().map((place) => `L${x(place).toFixed(1)} ${y(below[place]).toFixed(1)}`).join("");
      svg.append(node("path", {d: `${line}${back}Z`, fill: colour(one.name), "fill-opacity": 0.45}));
      up.forEach((value, place) => { below[place] = value; });
    }
    const dashes = / p50$/.test(one.name) ? {"stroke-dasharray": "3 3"} : {};
    svg.append(node("path", {d: line, fill: "none", stroke: colour(one.name), "stroke-width": 1.6, ...dashes}));
  }
  svg.addEventListener("mousemove", (event) => {
    const box = svg.getBoundingClientRect();
    const place = Math.round(((event.clientX - box.left) / box.width * width - LEFT) / (width - LEFT) * count);
    svg.parentNode.querySelectorAll("li b").forEach((value, number) => { value.textContent = told(at(found[number], place) ?? NaN, panel.unit); });
  });
  const last = (one) => at(one, count) ?? at(one, count - 1) ?? NaN;
  const legend = found.map((one) => node("li", {}, node("i", {style: `background:${colour(one.name)}`}), `${one.name} `, node("b", {}, told(last(one), panel.unit))));
  return [svg, node("ul", {}, ...legend)];
}

function bars(panel, found) {
  return found.sort((a, b) => b.value - a.value).map(({name, value}) => {
    const shade = value >= 90 ? "#e5566d" : value >= 75 ? "#f2b84b" : "#54d18c";
    return node("div", {class: "bar"}, node("span", {}, name, node("b", {}, told(value, panel.unit))),
      node("div", {}, node("div", {style: `width:${Math.min(value, 100)}%;background:${shade}`})));
  });
}

async function draw(panel, section) {
  const minutes = Number(byId("minutes").value);
  const window = minutes <= 15 ? "1m" : minutes <= 60 ? "5m" : "15m";
  const step = Math.max(2, minutes * 60 / 150);
  const to = Math.floor(Date.now() / 1000 / step) * step, from = to - minutes * 60;
  let drawn;
  if (panel.kind === "stat" || panel.kind === "bars") {
    const {result} = await ask("query", {query: panel.expr.replaceAll("$window", window)});
    const found = result.map(({metric, value}) => ({name: named(panel.legend, metric), value: Number(value[1])}));
    drawn = panel.kind === "stat" ? [node("div", {class: "stat"}, told(found[0]?.value ?? NaN, panel.unit))] : bars(panel, found);
  } else {
    const found = await series(panel, from, to, step, window);
    drawn = found.length ? chart(panel, found, from, to, Math.round((to - from) / step), section.clientWidth - 28) : [];
  }
  if (!drawn.length) drawn = [node("div", {class: "empty"}, "nothing yet")];
  section.replaceChildren(node("h2", {title: panel.expr}, panel.title), ...drawn);
}

async function alerts() {
  const {alerts} = await ask("alerts", {});
  const firing = alerts.filter(({state}) => state === "firing");
  const names = new Map(firing.map(({labels}) => [labels.alertname, labels.severity]));
  byId("alerts").replaceChildren(...[...names].map(([name, severity]) => node("b", {class: severity}, name)));
}

async function begin() {
  const asked = new URLSearchParams(location.search);
  if (asked.has("minutes")) byId("minutes").replaceChildren(node("option", {}, asked.get("minutes")));
  const panels = await (await fetch("panels.json")).json();
  const sections = panels.map((panel) => {
    const section = node("section", {});
    byId(panel.kind === "stat" ? "stats" : "charts").append(section);
    return section;
  });
  const all = async () => {
    try {
      // One after the other, so that a team has the same colour each time.
      for (const [at, panel] of panels.entries()) await draw(panel, sections[at]);
      await alerts();
      byId("said").textContent = new Date().toLocaleTimeString([], {hourCycle: "h23"});
    } catch (error) {
      byId("said").textContent = `Prometheus does not answer: ${error.message}`;
    }
  };
  byId("minutes").addEventListener("change", all);
  await all();
  // For a picture, once is enough.
  if (!asked.has("once")) setInterval(all, SECONDS * 1000);
}

begin();
