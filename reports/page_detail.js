
// The facts of one square: its cells, and of each what was found, how far off, what ran, and how to repeat it.
let opened = null;

function openSquare(row, column, wanted = null) {
  const cells = [];
  cells.push(...casesOf[row].filter((place) => layers[column].letters[place] !== ".").map((place) => cellAt(layers[column], place)));
  if (!cells.length) return;
  cells.sort((a, b) => a.verdict - b.verdict || b.layer.evidence - a.layer.evidence || a.place - b.place);
  const target = wanted ? cells.find((cell) => cell.id === wanted) : LOUD.has(cells[0].verdict) || cells.length === 1 ? cells[0] : null;
  byId("detail-title").textContent = data.rows[row][0];
  byId("detail-about").replaceChildren(`${data.columns[column][1]}, ${data.evidences[layers[column].evidence][0]}, ${count(cells.length, "cell")}: `, element("span", {}, countWords(cells)));
  const list = byId("detail-body");
  list.replaceChildren();
  fillList(list, cells, Math.max(100, cells.indexOf(target) + 1), target);
  byId("detail").hidden = false;
  document.body.classList.add("open");
  select(row, column);
  opened = { row, column };
  writeHash(target ? target.id : `${nameOf(column)}:${data.rows[row][0]}`);
  byId("detail-title").focus({ preventScroll: true });
  list.scrollTop = 0;
  if (wanted && target) list.querySelector("details[open]")?.scrollIntoView({ block: "start" });
}

function countWords(cells) {
  const counts = new Array(verdicts.length).fill(0);
  for (const cell of cells) counts[cell.verdict] += 1;
  return counts.flatMap((number, place) => (number ? [`${number} ${verdicts[place].name}`] : [])).join(", ");
}

function fillList(list, cells, until, target) {
  list.append(...cells.slice(0, until).map((cell) => cellItem(cell, cell === target)));
  if (cells.length <= until) return;
  const more = element("button", { type: "button", class: "plain all", onclick: () => { more.remove(); fillList(list, cells.slice(until), Infinity, null); } }, `Show ${count(cells.length - until, "more cell")}`);
  list.append(more);
}

function cellItem(cell, open) {
  const { symbol, name, style } = verdicts[cell.verdict];
  const mark = element("span", { class: `mark ${style}`, title: `${name}: ${verdicts[cell.verdict].meaning}` }, `${symbol} ${cell.outcome.name}`);
  const parameters = string(caseParameters[cell.place]).split(",").map((part) => element("span", { class: "mono" }, part.slice(part.indexOf("=") + 1)));
  const what = element("span", { class: "what" }, parameters, element("small", {}, string(caseOperator[cell.place])));
  const aside = element("time", {}, [cell.evidence[0], duration(cell.milliseconds)].filter(Boolean).join(", "));
  const item = element("details", { class: "cell", open }, element("summary", {}, mark, what, aside));
  const fill = () => { if (item.open && item.children.length === 1) item.append(cellFacts(cell)); };
  item.addEventListener("toggle", () => { fill(); if (item.open) writeHash(cell.id); });
  if (open) fill();
  return item;
}

const line = (name, ...values) => {
  const shown = values.flat().filter((value) => value !== null && value !== undefined && value !== "" && value !== false);
  return shown.length ? [element("dt", {}, name), element("dd", {}, shown)] : [];
};

const list = (items) => (items.length ? element("ul", {}, items.map((item) => element("li", {}, item))) : null);

function cellFacts(cell) {
  const [phase, detail, gap, launches, attempts, expectation, traceback, output, unstable, vacuous, compiled, remembered, speed, source, conflict, own, measures, facts_of] = cell.fact;
  const found = string(detail) || `${cell.outcome.meaning}.`;
  const facts = element("dl", {},
    line("verdict", `${verdicts[cell.verdict].name}: ${verdicts[cell.verdict].meaning}`),
    line("outcome", `${cell.outcome.name}, in phase ${string(phase)}: ${cell.outcome.meaning}`),
    line("evidence", `${cell.evidence[0]}: ${cell.evidence[1]}`),
    line("speed", list((speed || []).map(string))),
    line("measured", list((measures || []).map(string))),
    line("circumstances", list((facts_of || []).map(string))),
    line("from", source ? sourceWords(data.sources[source - 1]) : null),
    line("conflict", string(conflict) && `runs disagree, and the newest counts: ${string(conflict)}`),
    line("call", caseCall[cell.place] ? element("code", {}, `${string(caseOperator[cell.place])}(${string(caseCall[cell.place])})`) : null),
    line("emulation gap", string(gap)),
    expectation ? line("expected", `${string(expectation[0])}: ${string(expectation[1])}${expectation[2] ? ` (${string(expectation[2])})` : ""}`) : [],
    cell.comparison ? comparisonLines(cell.comparison, vacuous) : [],
    line("kernels that ran", list((launches || []).map(([kernel, file, times]) => [element("code", {}, kernel === 0 ? "" : string(kernel)), ` ${times} × in `, element("code", {}, string(file))]))),
    line("kernels compiled", list((compiled || []).map(compiledKernel))),
    line("remembered", string(remembered) && `found at ${string(remembered)}, with everything the same`),
    line("attempts", unstable ? "they ended differently" : null, list((attempts || []).map(([number, outcome, where, time]) => `${number}: ${string(outcome)} in ${string(where)} ${duration(time)}`))),
  );
  const given = (string(own) || "").trim();  // options that a rerun needs, or a command of its own
  const again = given && !given.startsWith("--") ? given : `python -m matrix rerun '${cell.id}'${given ? ` ${given}` : ""}`;
  return element("div", { class: "cell-facts" }, element("p", { class: "found" }, found), facts,
    output ? folded("What it printed", string(output)) : null,
    traceback ? folded("Traceback", string(traceback)) : null,
    element("div", { class: "copy" }, element("code", {}, again), element("button", { type: "button", class: "plain", onclick: copier(again) }, "Copy")));
}

function sourceWords([name, digest, started, machine, stack]) {
  return [element("b", {}, name), ` ${[digest, started, machine, stack].filter(Boolean).join("; ")}`];
}

function compiledKernel([kernel, file, configuration, times, size, shared, registers, spilled, tried, fitting]) {
  const facts = [`${(size ?? 0).toLocaleString("en")} B of binary`, `${(shared ?? 0).toLocaleString("en")} B of shared memory`, count(registers ?? 0, "register")];
  if (spilled) facts.push(`${count(spilled, "register")} in memory`);
  if (tried) facts.push(`${fitting} of ${count(tried, "configuration")} fit`);
  return [element("code", {}, string(kernel)), ` ${times} × in `, element("code", {}, string(file)), `: ${facts.join(", ")}; `, element("code", {}, string(configuration))];
}

function comparisonLines(comparison, vacuous) {
  const [rule, total, wrong, absolute, relative, bound, first, got, due, output, policies, impostors] = comparison;
  const value = (number) => (number === null || number === undefined ? null : String(number));
  return [
    line("rule", string(rule)),
    line("elements outside", `${wrong ?? 0} of ${total ?? 0}${output ? `, in output ${output}` : ""}`),
    line("largest error", [value(absolute) && `${value(absolute)} absolute`, value(relative) && `${value(relative)} relative`].filter(Boolean).join(", ")),
    line("bound", value(bound)),
    Array.isArray(first) ? line("first outside", `at [${first.join(", ")}]: got ${string(got)}, expected ${string(due)}`) : [],
    line("other policies", (policies || []).map(([name, within]) => `${string(name)}: ${within ? "within" : "outside"}`).join(", ")),
    line("would pass too", (impostors || []).map(string).join(", "), vacuous ? ` (declared: ${string(vacuous)})` : ""),
  ].flat();
}

const folded = (title, text) => element("details", {}, element("summary", {}, title), element("pre", {}, text));

const copier = (text) => async (event) => {
  const button = event.currentTarget;
  let done = true;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const range = document.createRange();
    range.selectNodeContents(button.previousElementSibling);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    done = document.execCommand("copy");
  }
  button.textContent = done ? "Copied" : "Selected";
  byId("said").textContent = done ? "The command was copied" : "The command is selected";
  setTimeout(() => { button.textContent = "Copy"; }, 1600);
};

function select(row, column) {
  for (const td of byId("grid").querySelectorAll("[aria-selected]")) td.removeAttribute("aria-selected");
  const index = listed.findIndex((item) => item.place === row);
  if (index < 0) return;
  const td = tdAt(index, ordered.indexOf(column));
  td?.setAttribute("aria-selected", "true");
  if (td) reveal(td);
}

function closeDetail() {
  byId("detail").hidden = true;
  document.body.classList.remove("open");
  for (const td of byId("grid").querySelectorAll("[aria-selected]")) td.removeAttribute("aria-selected");
  writeHash("");
  const index = listed.findIndex((item) => item.place === opened?.row);
  if (index >= 0) moveFocus(index, ordered.indexOf(opened.column));
}

function writeHash(id) {
  try {
    history.replaceState(null, "", id ? `#${id}` : location.pathname + location.search);
  } catch { /* a sandboxed frame has no history: the page works without links into it */ }
}

const nameOf = (column) => `${data.columns[column][0]}@${data.evidences[layers[column].evidence][0]}`;

// `#profile:operator/provider[...]@evidence` opens a cell, `#profile@evidence:base` a square.
function openFromHash() {
  let id = location.hash.slice(1);
  try { id = decodeURIComponent(id); } catch { return; }
  const [, profile, before, rest, after] = /^([^:@]*)(?:@(\w+))?:(.*?)(?:@(\w+))?$/.exec(id) ?? [];
  const column = data.columns.findIndex(([name], place) => name === profile && nameOf(place) === `${name}@${before ?? after}`);
  if (column < 0) return;
  let row = data.rows.findIndex(([base]) => base === rest);
  const operator = rest.split("/")[0];
  if (row < 0) row = caseRow[data.cases[1].findIndex((place) => string(place) === operator)] ?? -1;
  if (row < 0) return;
  if (!listed.some((item) => item.place === row)) clearFilters();
  openSquare(row, column, rest.includes("[") ? id : null);
}
