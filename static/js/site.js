// What htmx leaves to us: a model picker that suggests, focus and announcements after a swap, errors said in words.
(() => {
  "use strict";

  const say = (text) => { document.getElementById("status").textContent = text; };

  // --- picker: an ARIA 1.2 combobox over a plain text field that the server resolves ---
  let lists = 0;

  function suggest(input) {
    const list = document.createElement("ul");
    list.id = `options-${++lists}`;
    list.hidden = true;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", input.parentElement.querySelector("label").textContent);
    const described = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id };
    for (const [name, value] of Object.entries(described)) input.setAttribute(name, value);
    input.after(list);

    let kept = input.value; // the last text that stands for a choice
    let timer, request, staysInForm = false;
    const options = () => [...list.querySelectorAll("[role=option]:not([aria-disabled])")];
    const current = () => list.querySelector("[aria-selected=true]");

    function close() {
      clearTimeout(timer);
      request?.abort();
      list.hidden = true;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    }

    function mark(option) {
      current()?.setAttribute("aria-selected", "false");
      input.removeAttribute("aria-activedescendant");
      if (!option) return;
      option.setAttribute("aria-selected", "true");
      option.scrollIntoView({ block: "nearest" });
      input.setAttribute("aria-activedescendant", option.id);
    }

    function commit(option) {
      input.value = kept = option.dataset.value;
      close();
      const texts = [...input.form.querySelectorAll("[data-combo]")];
      if (texts.every((text) => text.value.trim())) input.form.requestSubmit();
    }

    async function open() {
      request?.abort();
      request = new AbortController();
      const text = input.value.trim();
      if (!text) return close();
      try {
        const answer = await fetch(`${input.dataset.combo}?q=${encodeURIComponent(text)}`, { signal: request.signal });
        if (!answer.ok) return close();
        list.innerHTML = await answer.text();
      } catch { return; } // offline or overtaken: the text can still be submitted
      if (document.activeElement !== input) return;
      const found = options();
      found.forEach((option, at) => { option.id = `${list.id}-${at}`; });
      list.hidden = !found.length;
      input.setAttribute("aria-expanded", String(found.length > 0));
      say(found.length ? `${found.length} model${found.length > 1 ? "s" : ""} suggested` : "No model is called that");
    }

    input.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(open, 120);
    });
    input.addEventListener("keydown", (event) => {
      const found = options();
      const at = found.indexOf(current());
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (list.hidden) open();
        else mark(found[(at + (event.key === "ArrowDown" ? 1 : at < 0 ? 0 : -1) + found.length) % found.length]);
      } else if (event.key === "Enter" && !list.hidden && at >= 0) {
        event.preventDefault();
        commit(found[at]);
      } else if (event.key === "Escape" && (!list.hidden || input.value !== kept)) {
        event.preventDefault();
        input.value = kept;
        close();
      }
    });
    list.addEventListener("pointerdown", (event) => event.preventDefault()); // keep the focus in the field
    list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]:not([aria-disabled])");
      if (option) commit(option);
    });
    input.form.addEventListener("pointerdown", () => { staysInForm = true; });
    input.addEventListener("focus", () => { staysInForm = false; });
    input.addEventListener("blur", (event) => {
      close();
      // Left for something else with half a name in it: the last choice comes back. A way to Compare keeps what was typed.
      if (kept && input.value.trim() && !staysInForm && !input.form.contains(event.relatedTarget)) input.value = kept;
    });
  }

  function upgrade() {
    document.querySelectorAll("input[data-combo]:not([role])").forEach(suggest);
  }

  // --- swaps ---
  const error = () => document.getElementById("error");

  document.addEventListener("htmx:beforeRequest", (event) => {
    error().replaceChildren();
    event.detail.target.setAttribute("aria-busy", "true");
  });
  document.addEventListener("htmx:afterRequest", (event) => event.detail.target.removeAttribute("aria-busy"));
  document.addEventListener("htmx:afterSettle", (event) => {
    upgrade();
    const cause = event.detail.requestConfig?.elt;
    if (cause?.id !== "picker") return; // a toggle keeps its own focus by its id
    const target = document.querySelector("#picker [aria-invalid], #picker .choices a") || document.querySelector("#comparison h1");
    target?.focus();
  });

  function failed(event) {
    const status = event.detail.xhr?.status;
    const address = event.detail.pathInfo?.finalRequestPath || event.detail.requestConfig?.path || location.href;
    const words = {
      404: "That is not in our data. Nothing on this page changed. ",
      429: "Too many requests: wait a minute, then try again. ",
    }[status] || "That did not load. Nothing on this page changed. Try again, or ";
    const link = document.createElement("a");
    link.href = address;
    link.textContent = status === 404 ? "See the nearest names" : "open the page itself";
    error().replaceChildren();
    setTimeout(() => error().replaceChildren(words, link, "."), 50); // a repeat is announced again
  }
  for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) document.addEventListener(name, failed);

  // --- what the style leaves for later ---
  const root = document.documentElement;

  function layOut(sections) { // one by one, so that no tap waits for all of them
    const section = sections.shift();
    (section || root).classList.add("laid");
    if (!section) return;
    section.getBoundingClientRect(); // now, not all in the next frame
    setTimeout(layOut, 0, sections);
  }

  let width = innerWidth, height = innerHeight;
  addEventListener("resize", () => { // a turned phone, a picture of the whole page; not a bar of the browser that slides away
    if (innerWidth !== width || innerHeight === height) root.classList.add("laid", "whole");
    [width, height] = [innerWidth, innerHeight];
  });

  setTimeout(() => { // a task of its own: htmx starts in this one
    upgrade();
    layOut([...document.querySelectorAll(".sec")]);
  });
})();
