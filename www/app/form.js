// The form before the visit: what is asked, what must be there, and what it becomes on the wire.

import { byId, h, title } from "./dom.js";

const VALUE = (id) => byId(id).value.trim();

// An invented patient, for trying the page out.
const EXAMPLE = {
  "encounter-title": "Chest tightness on exertion",
  "patient-identifier": "P-104482",
  "patient-name": "Margaret Hartley",
  "patient-birth-date": "1968-03-14",
  "patient-gender": "female",
};
const EXAMPLE_FACTS = [["past-medical-history", "Hypertension since 2016"], ["medications-prior-to-visit", "Ramipril 5 mg once daily"]];

/** Answers `{ read(), fill(interaction), fillGroups(), example() }`; `groups()` answers `[{ key, name }]`. */
export function visitForm({ groups }) {
  const known = byId("known-facts");
  const identifier = byId("encounter-identifier");
  identifier.value = newIdentifier();

  function addRow(group = "medications-prior-to-visit", text = "") {
    const select = h("select", { aria: { label: "Group" }, data: { wanted: group } });
    fillSelect(select, group);
    const input = h("input", {
      value: text, autocomplete: "off", placeholder: "For example: allergic to latex", aria: { label: "Known fact" },
      // Enter would start the visit; in a list of facts it means the next one.
      on: { keydown: (event) => { if (event.key === "Enter") { event.preventDefault(); addRow(select.value).focus(); } } },
    });
    const row = h("li", {}, select, input, h("button", {
      type: "button", className: "quiet", title: "Remove", aria: { label: "Remove this known fact" },
      on: { click: () => { row.remove(); byId("add-known").focus(); } },
    }, "×"));
    known.append(row);
    return input;
  }

  function fillSelect(select, chosen) {
    select.replaceChildren(...groups().map(({ key, name }) => new Option(name, key)));
    select.value = chosen;
    if (select.selectedIndex < 0) select.selectedIndex = 0;
  }

  function fillGroups() {
    for (const select of known.querySelectorAll("select")) fillSelect(select, select.value || select.dataset.wanted);
  }

  /** The form as `{ encounter, patient?, known, language }`, or null with the field that lacks something focused. */
  function read() {
    const patient = {
      identifier: VALUE("patient-identifier"),
      name: VALUE("patient-name"),
      birthDate: VALUE("patient-birth-date"),
      gender: VALUE("patient-gender"),
    };
    const anyPatient = Object.values(patient).some(Boolean);
    const lacking = [identifier, anyPatient && byId("patient-identifier")].filter((field) => field && !field.value.trim());
    for (const field of [identifier, byId("patient-identifier")]) field.setAttribute("aria-invalid", String(lacking.includes(field)));
    if (lacking.length > 0) {
      lacking[0].focus();
      return null;
    }
    return {
      encounter: filled({ identifier: VALUE("encounter-identifier"), type: VALUE("encounter-type"), title: VALUE("encounter-title") }),
      patient: anyPatient ? filled(patient) : undefined,
      known: [...known.children]
        .map((row) => ({ group: row.querySelector("select").value, text: row.querySelector("input").value.trim(), source: "system" }))
        .filter(({ text }) => text),
      language: VALUE("language"),
    };
  }

  /** Shows an interaction that exists already. */
  function fill({ encounter = {}, patient = {} }) {
    const values = {
      "encounter-identifier": encounter.identifier, "encounter-type": encounter.type, "encounter-title": encounter.title,
      "patient-identifier": patient.identifier, "patient-name": patient.name,
      "patient-birth-date": patient.birthDate?.slice(0, 10), "patient-gender": patient.gender,
    };
    // The service's words for what is absent.
    const isAbsent = (value) => ["-", "0001-01-01", undefined, null].includes(value);
    for (const [id, value] of Object.entries(values)) byId(id).value = isAbsent(value) ? "" : value;
  }

  function example() {
    for (const [id, value] of Object.entries(EXAMPLE)) byId(id).value = value;
    known.replaceChildren();
    for (const [group, text] of EXAMPLE_FACTS) addRow(group, text);
    byId("start").focus();
  }

  byId("add-known").addEventListener("click", () => addRow().focus());
  return { read, fill, fillGroups, example };
}

const filled = (object) => Object.fromEntries(Object.entries(object).filter(([, value]) => value));

/** In a record system the visit's number comes from there; a prototype makes one of date and time. */
function newIdentifier() {
  return `visit-${new Date().toISOString().slice(0, 19).replaceAll(/[^0-9]/g, "")}`;
}

/** What the banner says below the patient's name: `["Female", "Born 14 March 1968", "P-104482"]`, whatever of it is known. */
export function describePatient({ birthDate, gender, identifier } = {}) {
  // A birth date is a day, not an instant: read and shown in UTC, so that no time zone moves it.
  const day = birthDate && new Date(birthDate);
  const born = day && `Born ${day.toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" })}`;
  return [gender && title(gender), born, identifier].filter(Boolean);
}
