"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const find = (id) => document.getElementById(id);
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const group = (number) => number.toLocaleString("en-US");
  const percent = (share) => (share > 0 && share < 0.0005 ? "<0.1 %" : (100 * share).toFixed(1) + " %");
  const short = (number) => String(Number(number.toPrecision(4)));
  // More digits where four would put a value on the wrong side of the cut that it lies next to.
  const apart = (number, cuts) => (cuts.some((cut) => short(cut) === short(number) && Math.fround(cut) !== number) ? String(Number(number.toPrecision(7))) : short(number));

  // A code lies below cut k where it is below 2k + 1, above it where it is above; 255 is no score.
  const joint = data.joint;
  const counts = new Uint32Array(bytes(joint.counts).buffer);
  const splitOf = bytes(joint.split);
  const fixed = bytes(joint.fixed);
  const codes = joint.codes.map(bytes);
  const rows = data.rows;
  const values = rows.values.map((text) => new Float32Array(bytes(text).buffer));
  const total = counts.reduce((sum, count) => sum + count, 0);
  const released = rows.keep;

  const sliders = [...document.querySelectorAll("input[type=range]")];
  const cutOf = (slider) => {
    const at = Number(slider.value);
    if (slider.dataset.side === "low") return at === 0 ? null : at - 1;
    return at === Number(slider.max) ? null : at;
  };
  const bounds = () => sliders.map((slider) => {
    const at = cutOf(slider);
    const measure = Number(slider.dataset.measure);
    return at === null ? null : { measure, at, low: slider.dataset.side === "low", cut: data.measures[measure].cuts[at] };
  }).filter(Boolean);

  function count(active) {
    const bySplit = data.splits.map(() => [0, 0]);
    for (let row = 0; row < joint.size; row++) {
      let keep = !fixed[row];
      for (let i = 0; keep && i < active.length; i++) {
        const code = codes[active[i].measure][row];
        const edge = 2 * active[i].at + 1;
        keep = code === 255 || (active[i].low ? code >= edge : code <= edge);
      }
      const into = bySplit[splitOf[row]];
      into[1] += counts[row];
      if (keep) into[0] += counts[row];
    }
    return bySplit;
  }

  const beyond = (bound, row) => {
    const value = values[bound.measure][row];
    const edge = Math.fround(bound.cut);
    return bound.low ? value < edge : value > edge;
  };
  const firmly = rows.reasons.map((reasons, row) => !released[row] && isFirm(row));
  function isFirm(row) {
    const moved = new Set();
    for (const measure of data.measures) {
      if (measure.low !== null) moved.add(measure.name + "<");
      if (measure.high !== null) { moved.add(measure.name + ">"); moved.add(measure.name); }
    }
    return rows.reasons[row].some((at) => {
      const word = rows.words[at];
      return !moved.has(word) && !moved.has(word.replace(/([<>]).*$/, "$1"));
    });
  }
  const wouldKeep = (row, active) => !firmly[row] && !active.some((bound) => beyond(bound, row));

  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function marked(tag, text, query, language, className) {
    const made = element(tag, className);
    if (language) made.lang = language;
    made.dir = "auto";
    const at = query ? text.toLowerCase().indexOf(query) : -1;
    if (at < 0) { made.textContent = text; return made; }
    made.append(text.slice(0, at), element("mark", "", text.slice(at, at + query.length)), text.slice(at + query.length));
    return made;
  }

  function picture(row) {
    const address = data.pictures[data.picture[row]];
    if (!address) return null;
    if (address.startsWith("data:image/jpeg;base64,")) {
      const image = element("img", "picture");
      image.alt = "picture of " + rows.id[row];
      image.loading = "lazy";
      image.src = address;
      return image;
    }
    if (!/^https?:\/\//.test(address)) return null;
    const link = element("a", "picture small", "picture ↗");
    link.href = address;
    link.rel = "noopener noreferrer";
    link.target = "_blank";
    return link;
  }

  function entry(row, active, query) {
    const item = element("li", released[row] ? "" : "r");
    const shown = picture(row);
    if (shown) item.append(shown);
    item.append(marked("div", rows.en[row] || "", query, "en"));
    item.append(rows.text[row] ? marked("div", rows.text[row], query, data.language, "target") : element("div", "soft", "no translation"));
    if (rows.back[row]) {
      const back = element("div", "soft small", "back: ");
      back.append(marked("span", rows.back[row], query, "en"));
      item.append(back);
    }
    if (rows.answer_en[row]) {
      const answer = element("div", "small", "answer: ");
      answer.append(marked("span", rows.answer_en[row], query, "en"), " → ", marked("span", rows.answer[row] || "none", query, data.language));
      item.append(answer);
    }
    const scores = element("div", "meta");
    data.measures.forEach((measure, at) => {
      const value = values[at][row];
      if (Number.isNaN(value)) return;
      const own = active.filter((bound) => bound.measure === at);
      const outside = own.some((bound) => beyond(bound, row));
      scores.append(element("span", outside ? "beyond" : "", measure.name + " " + apart(value, own.map((bound) => bound.cut))));
    });
    item.append(scores);
    const meta = element("div", "meta");
    meta.append(element("span", "", rows.split[row] + " " + rows.id[row]));
    if (rows.reasons[row].length) meta.append(element("span", "", "rejected for " + rows.reasons[row].map((at) => rows.words[at]).join(", ")));
    const keep = wouldKeep(row, active);
    if (keep !== Boolean(released[row])) meta.append(element("span", "flip", keep ? "now kept" : "now rejected"));
    item.append(meta);
    return item;
  }

  const releasedCount = sliders.length ? count(bounds()).reduce((sum, pair) => sum + pair[0], 0) : 0;

  function update(moved) {
    const active = bounds();
    const bySplit = count(active);
    const kept = bySplit.reduce((sum, pair) => sum + pair[0], 0);
    find("rate").textContent = percent(kept / Math.max(1, total));
    find("kept").textContent = group(kept);
    const change = kept - releasedCount;
    find("change").textContent = change ? (change > 0 ? "+" : "−") + group(Math.abs(change)) + " questions against the release" : "as released";
    find("by-split").textContent = data.splits.map((split, at) => split + " " + percent(bySplit[at][0] / Math.max(1, bySplit[at][1]))).join(", ");
    for (const slider of sliders) show(slider);
    if (moved) find("near").value = moved.id;
    near(active);
    find("yaml").textContent = yaml();
  }

  function show(slider) {
    const at = cutOf(slider);
    const measure = data.measures[slider.dataset.measure];
    const text = at === null ? "off" : short(measure.cuts[at]);
    slider.parentElement.querySelector("output").textContent = text;
    slider.setAttribute("aria-valuetext", text);
    const card = slider.closest(".card");
    const line = card.querySelector(".cut[data-side=" + slider.dataset.side + "]");
    line.hidden = at === null;
    if (at === null) return;
    const low = Number(card.dataset.low);
    const share = (measure.cuts[at] - low) / (Number(card.dataset.high) - low);
    line.style.left = 11.5 + 87 * Math.min(1, Math.max(0, share)) + "%";
  }

  const NEAR = 6;
  function near(active) {
    const slider = find(find("near").value);
    const at = cutOf(slider);
    const measure = Number(slider.dataset.measure);
    const name = data.measures[measure].name;
    find("near-below").replaceChildren();
    find("near-above").replaceChildren();
    find("near-count").textContent = at === null ? "This threshold is off: move its slider to see the questions around it." : "";
    if (at === null) return;
    const cut = Math.fround(data.measures[measure].cuts[at]);
    const low = slider.dataset.side === "low";
    const below = (value) => (low ? value < cut : value <= cut);
    find("near-below-title").textContent = name + (low ? " below " : " up to ") + short(cut);
    find("near-above-title").textContent = name + (low ? " from " : " above ") + short(cut);
    const there = [...values[measure].keys()].filter((row) => !Number.isNaN(values[measure][row]));
    const distance = (row) => Math.abs(values[measure][row] - cut);
    there.sort((one, other) => distance(one) - distance(other) || one - other);
    for (const [id, wanted] of [["near-below", true], ["near-above", false]]) {
      const some = there.filter((row) => below(values[measure][row]) === wanted).slice(0, NEAR);
      find(id).append(...some.map((row) => entry(row, active, "")));
      if (!some.length) find(id).append(element("li", "soft", "No question of this page lies here."));
    }
  }

  function yaml() {
    const policy = JSON.parse(JSON.stringify(data.policy));
    for (const slider of sliders) {
      const measure = data.measures[slider.dataset.measure];
      const at = cutOf(slider);
      const side = slider.dataset.side === "low" ? "min" : "max";
      if (Number(slider.value) === Number(slider.dataset.released)) continue;
      let rule = policy[measure.name];
      if (rule === "reject") rule = { max: 0 };
      rule = rule && typeof rule === "object" ? rule : {};
      if (at === null) delete rule[side]; else rule[side] = measure.cuts[at];
      if (Object.keys(rule).length) policy[measure.name] = rule; else delete policy[measure.name];
    }
    const lines = Object.entries(policy).filter(([name]) => name !== "answers").map(([name, rule]) => "  " + name + ": " + flow(rule));
    const answers = Object.entries(policy.answers || {}).map(([name, rule]) => "    " + name + ": " + flow(rule));
    return ["policy:" + (lines.length || answers.length ? "" : " {}"), ...lines, ...(answers.length ? ["  answers:", ...answers] : [])].join("\n");
  }
  function flow(value) {
    if (Array.isArray(value)) return "[" + value.map(flow).join(", ") + "]";
    if (value && typeof value === "object") return "{" + Object.entries(value).map(([key, part]) => key + ": " + flow(part)).join(", ") + "}";
    return value === "off" ? '"off"' : String(value);
  }

  const PAGE = 15;
  const limits = { kept: PAGE, rejected: PAGE };
  const searched = rows.en.map((text, row) => [text, rows.text[row], rows.back[row], rows.answer_en[row], rows.answer[row], rows.id[row]].filter(Boolean).join("\n").toLowerCase());
  const query = () => find("query").value.trim().toLowerCase();
  function filters() {
    const text = query();
    const [reason, split, type, engine, band] = ["reason", "split", "type", "engine", "band"].map((id) => find(id).value);
    const [from, to] = ["from", "to"].map((id) => find(id).value);
    return (row) => (!text || searched[row].includes(text)) && (!split || rows.split[row] === split)
      && (!reason || rows.keep[row] || rows.reasons[row].includes(Number(reason)))
      && (!type || rows.type.rows[row] === Number(type)) && (!engine || rows.engine.rows[row] === Number(engine))
      && (!band || within(values[band][row], from, to));
  }
  const within = (value, from, to) => !Number.isNaN(value) && (from === "" || value >= Math.fround(Number(from))) && (to === "" || value <= Math.fround(Number(to)));
  const chosen = (keep) => sorted([...rows.keep.keys()].filter((row) => rows.keep[row] === keep).filter(filters()));

  function list() {
    const active = sliders.length ? bounds() : [];
    for (const [side, keep] of [["kept", 1], ["rejected", 0]]) {
      const all = rows.keep.filter((one) => one === keep);
      const some = chosen(keep);
      find(side + "-count").textContent = group(some.length) + (some.length < all.length ? " of " + group(all.length) : "") + " on this page";
      find(side + "-rows").replaceChildren(...some.slice(0, limits[side]).map((row) => entry(row, active, query())));
      find(side + "-more").hidden = some.length <= limits[side];
    }
  }
  function sorted(some) {
    const [measure, direction] = find("order").value.split(" ").map(Number);
    if (!direction) return some;
    const column = values[measure];
    const key = (row) => (Number.isNaN(column[row]) ? Infinity : direction * column[row]);
    return some.sort((one, other) => key(one) - key(other) || one - other);
  }

  function csv() {
    const names = ["question_id", "split", "verdict", "reasons", "answer_type", "engine", "question_en", "question", "question_back", "answer_en", "answer"];
    const lines = [...chosen(1), ...chosen(0)].map((row) => [
      rows.id[row], rows.split[row], rows.keep[row] ? "kept" : "rejected", rows.reasons[row].map((at) => rows.words[at]).join("; "),
      rows.type.words[rows.type.rows[row]], rows.engine.words[rows.engine.rows[row]], rows.en[row], rows.text[row], rows.back[row], rows.answer_en[row], rows.answer[row],
    ].map((text) => cell(text || "")).concat(values.map((column) => (Number.isNaN(column[row]) ? "" : short(column[row])))));
    return "\ufeff" + [names.concat(data.measures.map((measure) => cell(measure.name))), ...lines].map((line) => line.join(",") + "\r\n").join("");
  }
  // A text that a spreadsheet would take for a formula gets an apostrophe in front.
  function cell(text) {
    const safe = /^(?:[\s\u200b-\u200f\u2060-\u2064\ufeff]*[=+@＝＋－＠-]|['\t\r\n])/.test(text) ? "'" + text : text;
    return /[",\r\n]/.test(safe) ? '"' + safe.replaceAll('"', '""') + '"' : safe;
  }
  find("download").addEventListener("click", () => {
    const link = element("a");
    link.href = URL.createObjectURL(new Blob([csv()], { type: "text/csv" }));
    link.download = data.name + "-rows.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  });

  for (const id of ["type", "engine"]) rows[id].words.forEach((word, at) => find(id).append(new Option(word.split("|")[0], at)));
  data.measures.forEach((measure, at) => find("band").append(new Option(measure.name, at)));
  rows.words.forEach((word, at) => find("reason").append(new Option(word, at)));
  data.splits.forEach((split) => find("split").append(new Option(split, split)));
  data.measures.forEach((measure, at) => find("order").append(
    new Option(measure.name + ", lowest first", at + " 1"), new Option(measure.name + ", highest first", at + " -1")));
  const relist = () => { limits.kept = limits.rejected = PAGE; list(); };
  find("query").addEventListener("input", relist);
  for (const id of ["reason", "split", "type", "engine", "order"]) find(id).addEventListener("change", relist);
  find("band").addEventListener("change", () => {
    for (const id of ["from", "to"]) { find(id).value = ""; find(id).disabled = find("band").value === ""; }
    relist();
  });
  for (const id of ["from", "to"]) find(id).addEventListener("input", relist);
  find("search").addEventListener("submit", (event) => event.preventDefault());
  for (const side of ["kept", "rejected"]) {
    find(side + "-more").addEventListener("click", () => {
      const shown = limits[side];
      limits[side] += PAGE;
      list();
      const next = find(side + "-rows").children[shown];
      if (next) { next.tabIndex = -1; next.focus(); }
    });
  }

  if (sliders.length) {
    for (const slider of sliders) {
      const measure = data.measures[slider.dataset.measure];
      find("near").append(new Option(measure.name + (slider.dataset.side === "low" ? " at least" : " at most"), slider.id));
      slider.addEventListener("input", () => { update(slider); list(); });
    }
    const first = sliders.map((slider) => [slider, cutOf(slider)]).filter(([, at]) => at !== null);
    const busiest = (slider) => -rows.words.reduce((sum, word, at) => sum + (word.startsWith(data.measures[slider.dataset.measure].name + (slider.dataset.side === "low" ? "<" : ">")) ? rows.reasons.filter((reasons) => reasons.includes(at)).length : 0), 0);
    if (first.length) find("near").value = first.map(([slider]) => slider).sort((one, other) => busiest(one) - busiest(other))[0].id;
    find("near").addEventListener("change", () => near(bounds()));
    find("log").addEventListener("input", (event) => find("cards").classList.toggle("logarithmic", event.target.checked));
    find("reset").addEventListener("click", () => {
      for (const slider of sliders) slider.value = slider.dataset.released;
      update();
      list();
    });
    find("copy").addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(find("yaml").textContent);
        find("copied").textContent = "copied";
      } catch {
        getSelection().selectAllChildren(find("yaml"));
        find("copied").textContent = "selected: copy it with the keyboard";
      }
    });
    update();
  }
  list();
})();
