
// What stands around the grid: the headline, the evidence, totals, notes, legend.
function masthead() {
  const { status, headline, seconds, facts } = data.head;
  const look = { GREEN: ["ok", "✓ green"], RED: ["broken", "✗ red"], GRAY: ["unknown", "? gray"] }[status];
  byId("status").className = `status mark ${look[0]}`;
  byId("status").textContent = look[1];
  byId("headline").textContent = headline;
  const fact = ([name, value]) => element("span", {}, `${name} `, element("b", {}, value));
  byId("facts").append(...facts.slice(0, 3).map(fact), seconds === null ? "" : fact(["took", duration(seconds * 1000)]));
  byId("circumstances").append(...facts.slice(3).map(fact));
}

function verdictCounts(chosen) {
  const counts = new Array(verdicts.length).fill(0);
  for (const layer of chosen) {
    for (const letter of layer.letters) if (letter !== ".") counts[verdictOf.get(letter)] += 1;
  }
  return counts;
}

const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);
const judgedIn = (chosen) => sum(chosen.map((layer) => sum(caseRow.map((_, place) => Number(isJudged(layer, place))))));

function evidenceCards() {
  const cards = [];
  let onChip = 0, waiting = 0;
  data.evidences.forEach(([name, meaning], evidence) => {
    const chosen = layers.filter((layer) => layer.evidence === evidence);
    const counts = verdictCounts(chosen), tested = judgedIn(chosen);
    if (!sum(counts)) return;
    if (name === "run" || name === "time") {
      onChip += tested;
      waiting += sum(counts) - tested;
      if (!tested) return;
    }
    const strip = element("div", { class: "strip", "aria-hidden": "true" });
    counts.forEach((number, place) => {
      if (!number) return;
      const part = element("span", { class: verdicts[place].style });
      part.style.flexGrow = number;
      strip.append(part);
    });
    const judged = element("small", {}, `${tested.toLocaleString("en")} of ${count(sum(counts), "cell")} judged`);
    cards.push(element("li", {}, element("h2", {}, `${name} `, judged), strip, element("div", { class: "counts" }, counts.map((number, place) => number > 0 && word(place, number))), element("p", {}, `${meaning[0].toUpperCase()}${meaning.slice(1)}.`)));
  });
  if (!onChip) cards.push(element("li", {}, element("h2", {}, "On a chip: nothing yet"), element("p", {}, `${waiting ? `${count(waiting, "cell")} wait for a device. ` : ""}What this report says is known without one, and counts as no more than that.`)));
  byId("evidence").append(...cards);
}

function totals() {
  const shown = verdicts.map((_, place) => place).filter((place) => verdictCounts(layers)[place]);
  const head = element("tr", {}, ["profile", "evidence", "cells", "judged"].map((title) => element("th", { scope: "col" }, title)), shown.map((place) => element("th", { scope: "col" }, `${verdicts[place].symbol} ${verdicts[place].name}`)));
  const lines = layers.map((layer) => {
    const counts = verdictCounts([layer]);
    const cells = [sum(counts), judgedIn([layer]), ...shown.map((place) => counts[place] || "·")];
    return element("tr", {}, element("th", { scope: "row" }, data.columns[layer.column][0]), element("td", {}, data.evidences[layer.evidence][0]), cells.map((value) => element("td", {}, value.toLocaleString("en"))));
  });
  byId("totals").append(element("table", {}, element("thead", {}, head), element("tbody", {}, lines)));
}

function notes() {
  for (const [title, text, lines, total, keep] of data.notes) {
    if (!total && !keep) continue;
    const items = lines.map(([cell, line]) => element("li", {}, cell && element("a", { href: `#${cell}` }, cell), cell ? ` ${line}` : line));
    if (total > lines.length) items.push(element("li", {}, `and ${total - lines.length} more, in matrix.json`));
    byId("notes").append(element("details", {}, element("summary", {}, `${title} `, element("span", {}, total.toLocaleString("en"))), element("p", {}, text), element("ul", {}, items)));
  }
}

function legend() {
  const used = verdictCounts(layers);
  const marks = verdicts.flatMap((verdict, place) => (used[place] ? [element("span", {}, element("span", { class: `word ${verdict.style}` }, `${verdict.symbol} ${verdict.name}`), ` ${verdict.meaning}`)] : []));
  const letters = data.evidences.filter((_, place) => layers.some((layer) => layer.evidence === place)).map(([name]) => `${name[0].toUpperCase()} ${name}`);
  byId("legend").append(...marks, element("span", {}, MANY ? `The last letter is the strongest evidence that judged a cell: ${letters.join(", ")}` : "A square ends with the strongest evidence that judged one of its cells"), element("span", {}, "Keys: arrows move, Enter opens, Escape closes, / filters"));
}
