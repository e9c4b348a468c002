// The visit's facts, merged from three sides: the socket, the REST answers, and the clinician.
//
// A change by the clinician shows at once, goes to the service, and is taken back with an error when refused. From then on
// it stands: a later update of the same fact from the socket does not overwrite it.
// Fires "change" after every change, with the ids concerned in `detail`.

export class Facts extends EventTarget {
  #client;
  #interactionId;
  #items = new Map(); // id → { id, text, group, source, isDiscarded, saving?, error? }
  #ours = new Set(); // ids the clinician changed or wrote
  #saving = new Set(); // changes that the service has not answered

  constructor(client, interactionId) {
    super();
    this.#client = client;
    this.#interactionId = interactionId;
  }

  get items() { return [...this.#items.values()]; }
  get kept() { return this.items.filter((fact) => !fact.isDiscarded); }
  get(id) { return this.#items.get(id); }

  /** Takes in facts as the service sends them. Answers how many were new. */
  merge(facts) {
    const known = this.#items.size;
    const changed = facts.filter(({ id }) => !this.#ours.has(id) || !this.#items.has(id));
    for (const fact of changed) this.#put(fact);
    if (changed.length > 0) this.#changed(changed.map(({ id }) => id));
    return this.#items.size - known;
  }

  /** Adds `[{ text, group, source }]` and answers the service's facts. Rejects when refused, and then nothing was added. */
  async add(facts) {
    const answer = await this.#client.facts.create(this.#interactionId, { facts });
    answer.facts.forEach((fact) => this.#ours.add(fact.id));
    answer.facts.forEach((fact) => this.#put(fact));
    this.#changed(answer.facts.map(({ id }) => id));
    return answer.facts;
  }

  edit(id, { text, group }) { return this.#change(id, { text, group, source: "user" }); }
  discard(id) { return this.#change(id, { isDiscarded: true }); }
  restore(id) { return this.#change(id, { isDiscarded: false }); }

  /** Fetches all facts: what came over REST elsewhere, or before this page was opened. */
  async reload() {
    const { facts } = await this.#client.facts.list(this.#interactionId);
    this.merge(facts);
  }

  /** Resolves when every change has been answered. */
  async saved() { await Promise.all(this.#saving); }

  #change(id, change) {
    const saving = this.#save(id, change).finally(() => this.#saving.delete(saving));
    this.#saving.add(saving);
    return saving;
  }

  async #save(id, change) {
    const before = this.#items.get(id);
    if (!before || before.saving) return;
    this.#ours.add(id);
    this.#items.set(id, { ...before, ...change, saving: true, error: undefined });
    this.#changed([id]);
    try {
      const fact = await this.#client.facts.update(this.#interactionId, id, change);
      this.#items.set(id, { ...before, ...change, ...fact, id });
    } catch (error) {
      this.#items.set(id, { ...before, error });
    }
    this.#changed([id]);
  }

  #put({ id, text, group, source, isDiscarded = false }) {
    this.#items.set(id, { ...this.#items.get(id), id, text, group, source, isDiscarded });
  }

  #changed(ids) { this.dispatchEvent(new CustomEvent("change", { detail: ids })); }
}
