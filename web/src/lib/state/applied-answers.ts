type Asked = { seq: number; answer: (applied: boolean) => void };

/** Who wants to hear that this page has applied a number, and has not heard it yet. */
export class AppliedAnswers {
  #waiting: Asked[] = [];

  ask(seq: number, answer: Asked["answer"]): void {
    this.#waiting.push({ seq, answer });
  }

  /** Everything up to `applied` is on the page. */
  tell(applied: number): void {
    if (this.#waiting.length === 0) return;
    const told = this.#waiting.filter(({ seq }) => seq <= applied);
    this.#waiting = this.#waiting.filter(({ seq }) => seq > applied);
    for (const { answer } of told) answer(true);
  }
}
