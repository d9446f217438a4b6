// Reading the data of the page (reports/packing.py) and building elements. Every text of a record reaches the document
// through text nodes and nothing else: no markup is ever parsed.
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const [caseRow, caseOperator, caseProvider, caseParameters, caseCall] = data.cases;
const verdicts = data.verdicts.map(([letter, name, symbol, meaning]) => ({ letter, name, symbol, meaning, style: name === "n/a" ? "na" : name }));
const verdictOf = new Map(verdicts.map((verdict, place) => [verdict.letter, place]));
const outcomeOf = new Map(data.outcomes.map(([letter, name, meaning]) => [letter, { name, meaning }]));
const SUITE = verdicts.findIndex((verdict) => verdict.name === "suite");
const LOUD = new Set(verdicts.flatMap((verdict, place) => (["known", "suite", "fixed", "broken"].includes(verdict.name) ? [place] : [])));
// One layer for each column: a profile and the evidence that was asked of it.
const layers = data.layers.map(([outcomes, letters, facts, times, comparisons], column) => ({ column, evidence: data.columns[column][2], outcomes, letters, facts, times, comparisons }));
const dtypes = data.cases[3].map((place) => /(?:^|,)dtype=([^,]*)/.exec(data.strings[place])?.[1] ?? "");

const casesOf = data.rows.map(() => []);
caseRow.forEach((row, place) => casesOf[row].push(place));

// Whether the provider was put to the test: it answered for itself, and the suite did its part.
const isJudged = (layer, place) => data.judged.includes(layer.outcomes[place]) && verdictOf.get(layer.letters[place]) !== SUITE;

const byId = (id) => document.getElementById(id);
const count = (number, singular) => `${number.toLocaleString("en")} ${singular}${number === 1 ? "" : "s"}`;
const string = (place) => data.strings[place ?? 0];

function element(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

const word = (place, number) =>
  element("span", { class: `word ${verdicts[place].style}`, title: verdicts[place].meaning }, `${verdicts[place].symbol} ${number.toLocaleString("en")} ${verdicts[place].name}`);

// Where the facts of a case stand in its layer: its rank among the cases that the layer has.
function rankIn(layer, place) {
  if (!layer.ranks) {
    layer.ranks = new Int32Array(layer.letters.length);
    for (let i = 0, rank = 0; i < layer.letters.length; i += 1) {
      layer.ranks[i] = rank;
      if (layer.letters[i] !== ".") rank += 1;
    }
  }
  return layer.ranks[place];
}

const pick = (values, rank) => (Array.isArray(values) ? values[rank] : values.all);

function cellAt(layer, place) {
  const rank = rankIn(layer, place);
  const verdict = verdictOf.get(layer.letters[place]);
  return {
    layer, place, verdict,
    outcome: outcomeOf.get(layer.outcomes[place]),
    evidence: data.evidences[layer.evidence],
    fact: data.facts[pick(layer.facts, rank)],
    milliseconds: pick(layer.times, rank),
    comparison: pick(layer.comparisons, rank),
    row: `${string(caseOperator[place])}/${string(caseProvider[place])}[${string(caseParameters[place])}]`,
    get id() { return `${data.columns[layer.column][0]}:${this.row}@${this.evidence[0]}`; },
  };
}

function duration(milliseconds) {
  if (milliseconds === null || milliseconds === undefined) return "";
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60000) return `${(milliseconds / 1000).toFixed(1)} s`;
  return `${Math.floor(milliseconds / 60000)} min ${Math.round((milliseconds % 60000) / 1000)} s`;
}

// What a row can be found by: its names, and everything that was said of its cells.
let haystacks = null;
function haystack(row) {
  if (!haystacks) {
    const found = data.rows.map(([base, family]) => new Set([base, family]));
    for (let place = 0; place < caseRow.length; place += 1) {
      found[caseRow[place]].add(string(caseOperator[place])).add(string(caseProvider[place]));
    }
    for (const layer of layers) {
      for (let place = 0; place < caseRow.length; place += 1) {
        if (layer.letters[place] === ".") continue;
        const fact = data.facts[pick(layer.facts, rankIn(layer, place))];
        if (fact[1]) found[caseRow[place]].add(string(fact[1]));
        if (fact[2]) found[caseRow[place]].add(string(fact[2]));
      }
    }
    haystacks = found.map((texts) => [...texts].join("\n").toLowerCase());
  }
  return haystacks[row];
}
