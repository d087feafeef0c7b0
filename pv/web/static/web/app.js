/* Small helpers on top of pages that work without them: drafts, the bell's live count, keys in lists, read-back dates. */
"use strict";
(() => {
  const page = document.documentElement;
  page.classList.replace("no-js", "js");
  const person = document.body.dataset.person || "";
  const reader = page.lang === "en" ? "en-GB" : page.lang; // days before months, hours to 24
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const on = (root, type, selector, act) =>
    root.addEventListener(type, (event) => {
      const found = event.target instanceof Element && event.target.closest(selector);
      if (found) act(found, event);
    });
  const store = (name) => {
    try {
      window[name].setItem("pv-probe", "1");
      window[name].removeItem("pv-probe");
      return window[name];
    } catch {
      return null; // private windows of old browsers: pages work on, without drafts
    }
  };

  /* --- drafts: what was typed outlives a lost connection and a log-in that ended. They belong to one person and one
     tab, and end with the log-out; a server's answer that carries values is newer than any draft. */
  const drafts = store("sessionStorage");
  const PREFIX = "pv-draft:";
  const TWELVE_HOURS = 12 * 3600 * 1000;
  const draftKey = (form) => `${PREFIX}${person}:${form.dataset.draft}`;
  const typed = (form) =>
    [...form.elements].filter(
      (one) => one.name && (one.name === "version" || !["hidden", "password", "submit", "button", "file"].includes(one.type)),
    );
  const tickable = (one) => one.type === "checkbox" || one.type === "radio";
  const slot = (one) => (tickable(one) ? `${one.name}=${one.value}` : one.name);
  const values = (form) =>
    Object.fromEntries(typed(form).map((one) => [slot(one), tickable(one) ? one.checked : one.value]));
  const same = (a, b) => JSON.stringify({ ...a, version: 0 }) === JSON.stringify({ ...b, version: 0 });
  const clock = (at) => new Date(at).toLocaleTimeString(reader, { hour: "2-digit", minute: "2-digit" });
  const say = (form, words, at) => {
    const place = form.querySelector("[data-draft-state]");
    if (place) place.textContent = words ? `${words} ${clock(at)}` : "";
  };

  function tidyDrafts() {
    for (const key of Object.keys(drafts)) {
      if (!key.startsWith(PREFIX)) continue;
      const foreign = person && !key.startsWith(`${PREFIX}${person}:`);
      let old = true;
      try {
        old = Date.now() - JSON.parse(drafts.getItem(key)).at > TWELVE_HOURS;
      } catch {
        old = true;
      }
      if (foreign || old) drafts.removeItem(key);
    }
    for (const done of all("[data-draft-done]")) drafts.removeItem(`${PREFIX}${person}:${done.dataset.draftDone}`);
  }

  function keepDraft(form) {
    const fresh = values(form);
    const before = form.untouched;
    const button = form.querySelector("[data-draft-discard]");
    if (same(fresh, before)) return;
    const at = Date.now();
    drafts.setItem(draftKey(form), JSON.stringify({ at, values: fresh }));
    say(form, form.dataset.draftKept, at);
    if (button) button.hidden = false;
  }

  function restoreDraft(form) {
    form.untouched = values(form);
    const kept = drafts.getItem(draftKey(form));
    if (!kept || form.hasAttribute("data-bound")) return;
    const { at, values: old } = JSON.parse(kept);
    if (same(old, form.untouched)) return;
    for (const one of typed(form)) {
      if (!(slot(one) in old)) continue;
      if (tickable(one)) one.checked = old[slot(one)];
      else one.value = old[slot(one)];
      one.dispatchEvent(new Event("input", { bubbles: true }));
    }
    say(form, form.dataset.draftRestored, at);
    const button = form.querySelector("[data-draft-discard]");
    if (button) button.hidden = false;
  }

  const dirty = (form) => form.untouched && !same(values(form), form.untouched);
  if (drafts) {
    tidyDrafts();
    all("form[data-draft]").forEach((form) => {
      restoreDraft(form);
      form.addEventListener("input", () => {
        clearTimeout(form.waiting);
        form.waiting = setTimeout(() => keepDraft(form), 300);
      });
      form.addEventListener("submit", () => keepDraft(form));
    });
    on(document, "submit", "form[data-ends-drafts]", () => {
      for (const key of Object.keys(drafts)) if (key.startsWith(PREFIX)) drafts.removeItem(key);
    });
    on(document, "click", "[data-draft-discard]", (button) => {
      drafts.removeItem(draftKey(button.form));
      button.form.untouched = null;
      window.location.reload();
    });
  }
  window.addEventListener("beforeunload", (event) => {
    if (all("form[data-draft]").some((form) => !form.sending && dirty(form))) event.preventDefault();
  });

  /* --- a double click sends once; the server would recognise the second one too */
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.sending) {
      event.preventDefault();
      return;
    }
    form.sending = true;
    setTimeout(() => all("button[type=submit]", form).forEach((button) => (button.disabled = true)), 0);
  });
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    all("form").forEach((form) => {
      form.sending = false;
      all("button[type=submit]", form).forEach((button) => (button.disabled = false));
    });
  });

  /* --- forms */
  on(document, "change", "[data-submit-on-change]", (select) => select.form.requestSubmit());
  on(document, "click", "[data-today]", (button) => {
    const field = document.getElementById(button.dataset.today);
    field.value = button.dataset.day;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  });
  on(document, "click", "[data-fill-email]", (button) => {
    document.querySelector("[name=email]").value = button.dataset.fillEmail;
    document.querySelector("[name=password]").value = button.dataset.fillPassword;
    document.querySelector("main [type=submit]:not(.link)").focus();
  });
  const readBack = (field) => {
    const place = document.querySelector(`[data-readback="${field.id}"]`);
    if (!place) return;
    const form = /^\s*(\d{4})\s*(?:[-/.年]\s*(?:(\d{1,2})\s*(?:[-/.月]\s*(?:(\d{1,2})\s*日?)?)?)?)?\s*$/;
    const parts = form.exec(field.value.normalize("NFKC"));
    const partial = place.hasAttribute("data-partial");
    const day = parts && (parts[3] || partial) && new Date(Date.UTC(parts[1], (parts[2] || 1) - 1, parts[3] || 1));
    const exists = day && day.getUTCDate() === Number(parts[3] || 1) && day.getUTCMonth() === (parts[2] || 1) - 1;
    const words = { year: "numeric", timeZone: "UTC" };
    if (exists && parts[2]) words.month = "long";
    if (exists && parts[3]) Object.assign(words, { weekday: "long", day: "numeric" });
    place.textContent = exists ? day.toLocaleDateString(reader, words) : "";
  };
  on(document, "input", "input[id]", readBack);
  all("[data-readback]").forEach((place) => readBack(document.getElementById(place.dataset.readback)));
  // A figure in the other usual unit.
  const alsoIn = (field) => {
    const place = document.querySelector(`[data-also="${field.id}"]`);
    if (!place) return;
    const figure = Number(field.value.replace(",", "."));
    const other = Number((figure * Number(place.dataset.factor)).toPrecision(4));
    place.textContent = field.value && Number.isFinite(figure) ? `= ${other} ${place.dataset.unit}` : "";
  };
  document.addEventListener("input", (event) => event.target.id && alsoIn(event.target));
  all("[data-also]").forEach((place) => alsoIn(document.getElementById(place.dataset.also)));

  // Blocks that belong to one answer; whoever has no JavaScript sees them all.
  const unfold = (form) =>
    all("[data-when]", form).forEach((block) => {
      const [name, answers] = block.dataset.when.split("=");
      const chosen = form.querySelector(`[name="${name}"]:checked`);
      block.hidden = !chosen || !answers.split(",").includes(chosen.value);
    });
  all("form:has([data-when])").forEach((form) => {
    unfold(form);
    form.addEventListener("input", () => unfold(form));
  });

  // Another event, without asking the server.
  on(document, "click", "[data-add-event]", (button, event) => {
    const place = button.closest("[data-events]");
    const total = place.querySelector("[data-events-total]");
    const mould = place.querySelector("[data-events-template]");
    if (Number(total.value) >= 20) return;
    event.preventDefault();
    const block = mould.content.cloneNode(true).firstElementChild;
    block.innerHTML = block.innerHTML.replaceAll("__prefix__", total.value);
    total.value = Number(total.value) + 1;
    block.querySelector("[data-event-number]").textContent = total.value;
    mould.before(block);
    block.querySelector("select, input").focus();
  });

  // A long form is not sent by Enter in one of its lines.
  on(document, "keydown", "form[data-no-enter] input", (field, event) => {
    if (event.key === "Enter" && !["submit", "button"].includes(field.type)) event.preventDefault();
  });
  on(document, "click", "[data-print]", () => window.print());
  document.querySelector("[data-focus]")?.focus();

  /* --- menus and clocks: hover and focus open a clock, Escape closes whatever is open */
  const closeAll = (but) => all("details.menu[open], details.clock[open]:not(.still)").forEach((one) => one !== but && (one.open = false));
  document.addEventListener("click", (event) => {
    const inside = event.target instanceof Element && event.target.closest("details");
    closeAll(inside);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = document.activeElement?.closest("details[open]");
    closeAll();
    open?.querySelector("summary")?.focus();
  });
  if (window.matchMedia("(hover: hover)").matches) {
    on(document, "mouseover", "details.clock:not(.still)", (chip) => {
      clearTimeout(chip.leaving);
      chip.leaving = setTimeout(() => {
        closeAll(chip);
        chip.open = true;
      }, 250);
    });
    document.addEventListener("mouseout", (event) => {
      const chip = event.target instanceof Element && event.target.closest("details.clock:not(.still)");
      if (!chip || chip.contains(event.relatedTarget)) return;
      clearTimeout(chip.leaving);
      if (!chip.contains(document.activeElement)) chip.leaving = setTimeout(() => (chip.open = false), 200);
    });
  }

  /* --- columns: a choice remembered on this machine, holding nothing but column names */
  const kept = store("localStorage");
  const columns = (table) => (kept?.getItem(`pv-columns:${table.dataset.columns}`) || "").split(" ").filter(Boolean);
  const showColumns = () =>
    all("table[data-columns]").forEach((table) => {
      const hidden = columns(table);
      [...table.classList].filter((name) => name.startsWith("hide-")).forEach((name) => table.classList.remove(name));
      hidden.forEach((name) => table.classList.add(`hide-${name}`));
      all("[data-column]").forEach((box) => (box.checked = !hidden.includes(box.dataset.column)));
    });
  showColumns();
  on(document, "change", "[data-column]", (box) => {
    const table = document.querySelector("table[data-columns]");
    const hidden = columns(table).filter((name) => name !== box.dataset.column);
    if (!box.checked) hidden.push(box.dataset.column);
    kept?.setItem(`pv-columns:${table.dataset.columns}`, hidden.join(" "));
    showColumns();
  });

  /* --- choosing rows */
  const countPicked = () => {
    const picked = all("[data-pick]:checked").length;
    all("[data-picked]").forEach((one) => (one.hidden = picked === 0));
    all("[data-picked-count]").forEach((one) => (one.textContent = picked));
  };
  on(document, "change", "[data-pick]", countPicked);
  on(document, "change", "[data-pick-all]", (box) => {
    all("[data-pick]:not(:disabled)").forEach((one) => (one.checked = box.checked));
    countPicked();
  });

  /* --- keys in lists; they can be switched off, since a speech program may type letters */
  const keysOn = () => kept?.getItem("pv-keys") !== "off";
  const rows = () => all("[data-row]");
  const step = (by) => {
    const list = rows();
    if (!list.length) return;
    const at = list.findIndex((row) => row.classList.contains("at"));
    const next = list[Math.min(Math.max(at + by, 0), list.length - 1)];
    list.forEach((row) => row.classList.toggle("at", row === next));
    next.querySelector("a")?.focus();
  };
  const help = document.getElementById("keys");
  document.addEventListener("keydown", (event) => {
    const busy = event.target instanceof Element && event.target.closest("input, textarea, select, [contenteditable]");
    if (busy || event.ctrlKey || event.metaKey || event.altKey || !keysOn() || !rows().length) return;
    if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
    else if (event.key === "/") document.querySelector("[data-search]")?.focus();
    else if (event.key === "?") help?.showModal();
    else return;
    event.preventDefault();
  });
  on(document, "click", "[data-open-keys]", () => help?.showModal());
  on(document, "change", "[data-keys-switch]", (box) => kept?.setItem("pv-keys", box.checked ? "on" : "off"));
  all("[data-keys-switch]").forEach((box) => (box.checked = keysOn()));
  document.addEventListener("htmx:afterSettle", () => {
    showColumns();
    countPicked();
  });
  document.addEventListener("htmx:responseError", () => window.location.reload());

  /* --- the bell: asked every 15 seconds while the page is seen; 304 costs nothing */
  const bell = document.querySelector("[data-bell]");
  let etag = "";
  async function ask() {
    if (document.hidden) return;
    try {
      const headers = etag ? { "If-None-Match": etag } : {};
      const answer = await fetch(bell.dataset.bell, { headers, cache: "no-store", credentials: "same-origin", redirect: "manual" });
      if (answer.status !== 200) return;
      etag = answer.headers.get("ETag") || "";
      const { shown, count } = await answer.json();
      const badge = bell.querySelector("[data-bell-count]");
      badge.textContent = shown;
      badge.hidden = count === 0;
      bell.querySelector("[data-bell-label]").textContent = `${bell.dataset.bellWords} ${shown}`;
    } catch {
      // away for a moment: the next round asks again
    }
  }
  if (bell) {
    setInterval(ask, 15000);
    document.addEventListener("visibilitychange", ask);
  }
})();
