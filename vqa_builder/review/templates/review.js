"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const at = Object.fromEntries(data.columns.map((name, place) => [name, place]));
  const key = "vqa-builder-review:" + data.name;
  const FIELDS = ["corrected_question", "corrected_answer", "note"];
  const FORMULA = /^(?:[\s\u200b-\u200f\u2060-\u2064\ufeff]*[=+@＝＋－＠-]|['\t\r\n])/;
  const RIGHT_TO_LEFT = ["ar", "fa", "he", "ur"];
  const $ = (id) => document.getElementById(id);

  const WRITTEN = { corrected_question: "question", corrected_answer: "answer" };
  const begun = () => ({ filled: data.rows.map(() => ({})), current: 0 });

  let judges = { "": begun() };
  let reviewer = "";
  let { filled, current } = judges[""];

  function trouble(text) {
    $("trouble").textContent = text;
    $("trouble").hidden = !text;
  }

  function load() {
    try {
      const kept = JSON.parse(localStorage.getItem(key) || "null");
      if (kept && kept.judges) ({ judges, reviewer } = kept);
      else if (kept && kept.filled.length === filled.length) {
        judges = { [kept.reviewer]: { filled: kept.filled, current: kept.current } };
        reviewer = kept.reviewer;
      }
      ({ filled, current } = judges[reviewer]);
    } catch (error) {
      trouble("This browser keeps nothing here: save the sheet before you close the page.");
    }
  }

  function keep() {
    try {
      judges[reviewer] = { filled, current };
      localStorage.setItem(key, JSON.stringify({ judges, reviewer }));
    } catch (error) {
      trouble("This browser keeps nothing here: save the sheet before you close the page.");
    }
  }

  // Work without a name becomes that of the first name; another name finds its own work, or begins.
  function become(name) {
    if (name === reviewer) return;
    keep();
    if (reviewer === "" && !(name in judges)) {
      judges[name] = judges[""];
      judges[""] = begun();
    }
    judges[name] = judges[name] || begun();
    reviewer = name;
    ({ filled, current } = judges[reviewer]);
    keep();
    names();
    show();
  }

  function names() {
    $("judges").replaceChildren(...Object.keys(judges).filter(Boolean).map((name) => new Option(name)));
  }

  function picture(address) {
    const shown = address.startsWith("data:image/jpeg;base64,");
    $("picture").hidden = !shown;
    if (shown) $("picture").src = address; else $("picture").removeAttribute("src");
    $("picture").alt = `picture of question ${current + 1}`;
    const linked = /^https?:\/\//.test(address);
    $("picture-link").hidden = !linked;
    if (linked) $("picture-link").href = address; else $("picture-link").removeAttribute("href");
  }

  function written(name) {
    const changed = Boolean(filled[current][name]);
    $(name).classList.toggle("changed", changed);
    if (name === "corrected_question") $("before").hidden = !changed;
  }

  function fit() {
    const field = $("corrected_question");
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight + 2}px`;
  }

  const cell = (name) => data.rows[current][at[name]];

  function shown(place) {
    const wanted = $("filter").value;
    const label = filled[place].label || "";
    return wanted === "all" || (wanted === "open" ? !label : label === wanted);
  }

  function show() {
    const language = cell("language");
    const mine = filled[current];
    $("place").textContent = `Question ${current + 1} of ${data.rows.length}, ${language}`;
    const done = filled.filter((one) => one.label).length;
    $("progress").value = done;
    $("done").textContent = `${done} judged`;
    $("english").textContent = cell("question_en");
    $("translation").textContent = cell("question") || "(no translation)";
    $("back").textContent = cell("question_back");
    $("answers").textContent = cell("answers") || "withheld";
    $("answer_en").textContent = cell("answer_en");
    $("corrected_answer").disabled = !cell("answer_en");
    $("corrected_answer").closest("label").hidden = !cell("answer_en");
    picture(data.pictures[current]);
    for (const element of [$("translation"), $("answers"), ...document.querySelectorAll("[data-target]")]) {
      element.lang = language;
      element.dir = RIGHT_TO_LEFT.includes(language) ? "rtl" : "auto";
    }
    for (const name of FIELDS) {
      $(name).value = mine[name] || (WRITTEN[name] ? cell(WRITTEN[name]) : "");
      written(name);
    }
    fit();
    $("card").dataset.label = mine.label || "";
    for (const button of document.querySelectorAll("[data-label][aria-pressed]")) {
      button.setAttribute("aria-pressed", String(button.dataset.label === mine.label));
    }
    $("verdict").textContent = cell("verdict") + (cell("reasons") ? `: ${cell("reasons")}` : "");
    $("scores").replaceChildren(
      ...data.columns.filter((name) => name.startsWith("score_") && cell(name) !== "").map((name) => {
        const entry = document.createElement("div");
        entry.textContent = `${name.slice(6)} ${cell(name)}`;
        return entry;
      }),
    );
  }

  function move(step) {
    for (let place = current + step; place >= 0 && place < data.rows.length; place += step) {
      if (shown(place)) {
        current = place;
        keep();
        show();
        return true;
      }
    }
    return false;
  }

  function judge(label) {
    filled[current].label = label;
    keep();
    if (!label || !move(1)) show();
  }

  function guarded(text) {
    return FORMULA.test(text) ? "'" + text : text;
  }

  function quoted(text) {
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  }

  function csv() {
    const lines = data.rows.map((row, place) => {
      const said = { ...filled[place], reviewer: Object.values(filled[place]).some(Boolean) ? reviewer : "" };
      return data.columns.map((name, column) => {
        const number = name === "weight" || name.startsWith("score_");
        const text = data.filled.includes(name) ? (said[name] || "").trim() : row[column];
        return quoted(number ? text : guarded(text));
      });
    });
    return "\ufeff" + [data.columns, ...lines].map((line) => line.join(",") + "\r\n").join("");
  }

  function save() {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([csv()], { type: "text/csv" }));
    link.download = `review-${data.name}${reviewer ? "-" + reviewer.replace(/[^\p{L}\p{N}]+/gu, "_") : ""}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  const KEYS = {
    g: () => judge("good"),
    f: () => judge("flaw"),
    b: () => judge("bad"),
    u: () => judge(""),
    ArrowRight: () => move(1),
    ArrowDown: () => move(1),
    ArrowLeft: () => move(-1),
    ArrowUp: () => move(-1),
    e: () => $("corrected_question").focus(),
    a: () => $("corrected_answer").focus(),
    n: () => $("note").focus(),
    p: () => { $("details").open = !$("details").open; },
    "?": () => { const help = document.querySelector(".help"); help.open = !help.open; },
    s: save,
  };

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const field = event.target.closest("input, select, textarea");
    if (field) {
      if (event.key === "Escape" || event.key === "Enter") {
        event.preventDefault();
        $("card").focus();
      }
      return;
    }
    const action = KEYS[event.key] || KEYS[event.key.toLowerCase()];
    if (action) {
      event.preventDefault();
      action();
    }
  });
  for (const button of document.querySelectorAll("[data-label][aria-pressed]")) {
    button.addEventListener("click", () => judge(button.dataset.label));
  }
  for (const name of FIELDS) {
    $(name).addEventListener("input", () => {
      const text = $(name).value.replace(/\s+/g, " ");
      const own = WRITTEN[name] ? cell(WRITTEN[name]) : "";
      filled[current][name] = text.trim() === own ? "" : text;
      written(name);
      fit();
      keep();
    });
    $(name).addEventListener("blur", show);
  }
  for (const button of document.querySelectorAll("[data-undo]")) {
    button.addEventListener("click", () => {
      filled[current][button.dataset.undo] = "";
      keep();
      show();
      $(button.dataset.undo).focus();
    });
  }
  $("reviewer").addEventListener("change", () => become($("reviewer").value.trim()));
  $("filter").addEventListener("change", () => {
    if (!shown(current) && !move(1)) move(-1);
    show();
  });
  $("previous").addEventListener("click", () => move(-1));
  $("next").addEventListener("click", () => move(1));
  $("save").addEventListener("click", save);

  load();
  $("reviewer").value = reviewer;
  names();
  show();
  $("card").focus();
})();
