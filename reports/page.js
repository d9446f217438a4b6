
// The grid: filters, squares, keys. A square sums up all cells of one operator in one column that pass the filters.
const state = { text: "", verdicts: new Set(), family: "", layer: "", outcome: "", dtype: "", order: "worst" };
const width = data.columns.length, kinds = verdicts.length, CHUNK = 60;
// A column of which nothing is known stands narrow, and after those that have something to say.
const quiet = layers.map((layer) => /^[.u]*$/.test(layer.letters));
const ordered = data.columns.map((_, column) => column).sort((a, b) => quiet[a] - quiet[b] || a - b);
const busy = quiet.filter((unknown) => !unknown).length, MANY = width > 8, FEW = busy <= 3;
let squares = null, listed = [], drawn = 0, focused = [0, 0];

// Per row and column: cells by verdict that pass the filters, cells in all, the evidence that judged one.
function aggregate() {
  const size = data.rows.length * width;
  const result = { counts: new Uint32Array(size * kinds), totals: new Uint32Array(size), evidence: new Int8Array(size).fill(-1) };
  const family = state.family && data.rows.map((row) => row[1] === state.family);
  for (const layer of layers) {
    if (state.layer && data.evidences[layer.evidence][0] !== state.layer) continue;
    for (let place = 0; place < caseRow.length; place += 1) {
      const letter = layer.letters[place];
      if (letter === ".") continue;
      const row = caseRow[place], square = row * width + layer.column, verdict = verdictOf.get(letter);
      result.totals[square] += 1;
      if (family && !family[row]) continue;
      if (state.outcome && layer.outcomes[place] !== state.outcome) continue;
      if (state.dtype && dtypes[place] !== state.dtype) continue;
      if (state.verdicts.size && !state.verdicts.has(verdict)) continue;
      result.counts[square * kinds + verdict] += 1;
      if (isJudged(layer, place)) result.evidence[square] = layer.evidence;
    }
  }
  return result;
}

function worstOf(square) {
  for (let verdict = 0; verdict < kinds; verdict += 1) if (squares.counts[square * kinds + verdict]) return verdict;
  return -1;
}

function worstOfRow(row) {
  let worst = kinds;
  for (let column = 0; column < width; column += 1) {
    const verdict = worstOf(row * width + column);
    if (verdict >= 0) worst = Math.min(worst, verdict);
  }
  return worst;
}

function refresh() {
  squares = aggregate();
  const terms = state.text.toLowerCase().split(/\s+/).filter(Boolean);
  let rows = data.rows.map((row, place) => ({ place, base: row[0], family: row[1], worst: worstOfRow(place) }));
  rows = rows.filter((row) => row.worst < kinds && terms.every((term) => haystack(row.place).includes(term)));
  const families = new Map(data.families.map((family, place) => [family, place]));
  const byFamily = (a, b) => families.get(a.family) - families.get(b.family) || a.place - b.place;
  if (state.order === "worst") rows.sort((a, b) => a.worst - b.worst || byFamily(a, b));
  else if (state.order === "family") rows.sort(byFamily);
  else rows.sort((a, b) => (a.base < b.base ? -1 : 1));
  listed = rows;
  drawn = 0;
  focused = [0, 0];
  byId("grid").tBodies[0].replaceChildren();
  drawMore();
  byId("nothing").hidden = rows.length > 0;
  byId("shown").textContent = rows.length === data.rows.length ? count(rows.length, "operator") : `${rows.length} of ${count(data.rows.length, "operator")}`;
  byId("clear").hidden = !(state.text || state.verdicts.size || state.family || state.layer || state.outcome || state.dtype);
  byId("frame").scrollTop = 0;
}

const groupOf = (row) => (state.order === "worst" ? verdicts[row.worst].name : state.order === "family" ? row.family : "");

function drawMore(until = drawn + CHUNK) {
  const rows = document.createDocumentFragment();
  for (; drawn < Math.min(until, listed.length); drawn += 1) {
    const row = listed[drawn], group = groupOf(row);
    if (group && (drawn === 0 || groupOf(listed[drawn - 1]) !== group)) rows.append(groupRow(group, row));
    rows.append(operatorRow(row, drawn));
  }
  byId("grid").tBodies[0].append(rows);
}

function groupRow(group, first) {
  const number = listed.filter((row) => groupOf(row) === group).length;
  const symbol = state.order === "worst" ? `${verdicts[first.worst].symbol} ` : "";
  return element("tr", { class: "group" }, element("th", { colspan: width + 1, scope: "rowgroup" }, element("span", {}, `${symbol}${group}, ${count(number, "operator")}`)));
}

function operatorRow(row, index) {
  const name = element("th", { scope: "row", title: `${row.base}, ${row.family}` }, row.base);
  return element("tr", {}, name, ordered.map((column, shown) => squareOf(row, column, index, shown)));
}

function squareOf(row, column, index, shown) {
  const square = row.place * width + column, verdict = worstOf(square);
  const place = { role: "gridcell", tabindex: index === focused[0] && shown === focused[1] ? 0 : -1, "data-row": index, "data-column": shown, class: quiet[column] && "quiet" };
  if (verdict < 0) return element("td", { ...place, "aria-label": `${row.base} on ${data.columns[column][0]}: no cell` });
  const number = squares.counts[square * kinds + verdict], total = squares.totals[square];
  const { name, symbol, style } = verdicts[verdict];
  const evidence = squares.evidence[square] < 0 ? "" : data.evidences[squares.evidence[square]][0];
  const numbers = quiet[column] ? "" : number === total ? ` ${total}` : ` ${number}/${total}`;
  const measure = data.measures[column]?.[row.place];
  const about = `${row.base} on ${data.columns[column][0]}: ${name}, ${number} of ${count(total, "cell")}${evidence ? `, evidence ${evidence}` : ""}${data.speeds[column]?.[row.place] ? `,${data.speeds[column][row.place]} the native operator's speed` : ""}${measure ? `,${measure}` : ""}`;
  const speed = data.speeds[column]?.[row.place];
  const last = speed || measure || (evidence && (MANY ? evidence[0].toUpperCase() : evidence));
  const mark = element("div", { class: `mark ${style}`, "aria-hidden": "true" }, element("b", {}, symbol), numbers, last && element("i", {}, last));
  return element("td", { ...place, "aria-label": about, title: about }, element("div", { class: "square" }, mark, FEW && !quiet[column] && ticks(row.place, column), busy === 1 && LOUD.has(verdict) && firstSaid(row.place, column, verdict)));
}

// With one column there is room to say what happened, too.
function firstSaid(row, column, verdict) {
  const layer = layers[column], place = casesOf[row].find((at) => layer.letters[at] === verdicts[verdict].letter);
  if (place !== undefined) {
    const cell = cellAt(layer, place), detail = string(cell.fact[1]) || (cell.fact[5] ? `expected ${string(cell.fact[5][0])}` : "");
    return element("div", { class: "said", "aria-hidden": "true" }, element("b", {}, cell.outcome.name), ` ${detail}`);
  }
  return null;
}

// Where there is room: one tick for each cell, in the order of the plan.
function ticks(row, column) {
  const cells = casesOf[row].map((place) => layers[column].letters[place]).filter((letter) => letter !== ".");
  if (cells.length > 48) return null;
  const shown = cells.map((letter) => verdicts[verdictOf.get(letter)]);
  return element("div", { class: "ticks", "aria-hidden": "true" }, shown.map(({ name, symbol, style }) => element("span", { class: style }, name === "ok" ? "·" : symbol)));
}

function columnHeads() {
  byId("grid").classList.toggle("many", MANY);
  const heads = ordered.map((column) => {
    const [name, title] = data.columns[column];
    return element("th", { scope: "col", title: quiet[column] ? `${title}: not run here` : title }, element("div", {}, name, element("small", {}, quiet[column] ? "not run" : data.evidences[layers[column].evidence][0])));
  });
  byId("grid").tHead.append(element("tr", {}, element("th", { scope: "col" }, "operator"), heads));
}

function tdAt(index, shown) {
  if (index >= drawn) drawMore(index + CHUNK);
  return byId("grid").querySelector(`td[data-row="${index}"][data-column="${shown}"]`);
}

function moveFocus(index, place) {
  const row = Math.max(0, Math.min(listed.length - 1, index)), shown = Math.max(0, Math.min(width - 1, place));
  const before = tdAt(...focused), after = tdAt(row, shown);
  if (!after) return;
  before?.setAttribute("tabindex", "-1");
  after.setAttribute("tabindex", "0");
  focused = [row, shown];
  after.focus({ preventScroll: true });
  reveal(after);
}

// Sticky header and first column would cover what the browser believes to be in view.
function reveal(td) {
  const frame = byId("frame"), box = td.getBoundingClientRect(), view = frame.getBoundingClientRect();
  const top = view.top + byId("grid").tHead.offsetHeight, left = view.left + td.parentElement.firstElementChild.offsetWidth;
  frame.scrollTop += Math.min(0, box.top - top - 4) || Math.max(0, box.bottom - view.bottom + 8);
  frame.scrollLeft += Math.min(0, box.left - left - 4) || Math.max(0, box.right - view.right + 8);
}

const MOVES = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1], PageDown: [15, 0], PageUp: [-15, 0] };

function onGridKey(event) {
  const [row, shown] = focused, move = MOVES[event.key];
  if (move) moveFocus(row + move[0], shown + move[1]);
  else if (event.key === "Home") moveFocus(event.ctrlKey ? 0 : row, 0);
  else if (event.key === "End") moveFocus(event.ctrlKey ? listed.length - 1 : row, width - 1);
  else if (event.key === "Enter" || event.key === " ") openSquare(listed[row].place, ordered[shown]);
  else return;
  event.preventDefault();
}

function onGridClick(event) {
  const td = event.target.closest("td[data-row]");
  if (!td?.firstElementChild) return;
  tdAt(...focused)?.setAttribute("tabindex", "-1");
  focused = [Number(td.dataset.row), Number(td.dataset.column)];
  td.setAttribute("tabindex", "0");
  openSquare(listed[focused[0]].place, ordered[focused[1]]);
}

function fillSelect(id, key, options) {
  const select = byId(id);
  select.append(element("option", { value: "" }, "all"), ...options.map(([value, label]) => element("option", { value }, label)));
  select.addEventListener("change", () => { state[key] = select.value; refresh(); });
}

function filters() {
  const present = new Array(kinds).fill(0), outcomes = new Map();
  for (const layer of layers) {
    for (let place = 0; place < caseRow.length; place += 1) {
      if (layer.letters[place] === ".") continue;
      present[verdictOf.get(layer.letters[place])] += 1;
      outcomes.set(layer.outcomes[place], (outcomes.get(layer.outcomes[place]) ?? 0) + 1);
    }
  }
  const toggle = (place) => (event) => {
    if (!state.verdicts.delete(place)) state.verdicts.add(place);
    event.currentTarget.setAttribute("aria-pressed", state.verdicts.has(place));
    refresh();
  };
  byId("verdicts").append(...present.flatMap((number, place) => (number ? [element("button", { type: "button", "aria-pressed": "false", onclick: toggle(place) }, word(place, number))] : [])));
  fillSelect("family", "family", data.families.map((family) => [family, family]));
  fillSelect("layer", "layer", data.evidences.filter((_, place) => layers.some((layer) => layer.evidence === place)).map(([name]) => [name, name]));
  fillSelect("outcome", "outcome", data.outcomes.filter(([letter]) => outcomes.has(letter)).map(([letter, name]) => [letter, `${name} (${outcomes.get(letter)})`]));
  fillSelect("dtype", "dtype", [...new Set(dtypes)].filter(Boolean).sort().map((dtype) => [dtype, dtype]));
  byId("order").addEventListener("change", (event) => { state.order = event.target.value; refresh(); });
  let waiting = 0;
  byId("text").addEventListener("input", (event) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { state.text = event.target.value; refresh(); }, 90);
  });
  byId("clear").addEventListener("click", clearFilters);
}

function clearFilters() {
  Object.assign(state, { text: "", verdicts: new Set(), family: "", layer: "", outcome: "", dtype: "" });
  byId("text").value = "";
  for (const id of ["family", "layer", "outcome", "dtype"]) byId(id).value = "";
  for (const chip of byId("verdicts").children) chip.setAttribute("aria-pressed", "false");
  refresh();
}

function onPageKey(event) {
  if (event.key === "Escape" && !byId("detail").hidden) closeDetail();
  else if (event.key === "/" && !/INPUT|SELECT|TEXTAREA/.test(document.activeElement.tagName)) {
    event.preventDefault();
    byId("text").focus();
  }
}

masthead();
evidenceCards();
totals();
notes();
legend();
columnHeads();
filters();
refresh();
byId("grid").addEventListener("keydown", onGridKey);
byId("grid").addEventListener("click", onGridClick);
byId("close").addEventListener("click", closeDetail);
document.addEventListener("keydown", onPageKey);
addEventListener("hashchange", openFromHash);
new IntersectionObserver((entries) => { if (entries.some((entry) => entry.isIntersecting) && drawn < listed.length) drawMore(); }, { root: byId("frame"), rootMargin: "600px" }).observe(byId("sentinel"));
// The grid takes what the bar, which wraps where it must, leaves of the screen.
new ResizeObserver(() => byId("frame").style.setProperty("--bar", `${byId("bar").offsetHeight}px`)).observe(byId("bar"));
openFromHash();
