type Numbers = Uint8Array | Uint32Array | Float64Array;
type Kind = { u8: Uint8Array; u32: Uint32Array; f64: Float64Array };

const MAKE = {
  u8: (size: number) => new Uint8Array(size),
  u32: (size: number) => new Uint32Array(size),
  f64: (size: number) => new Float64Array(size),
};

export type Shape = Record<string, keyof Kind>;
export type ColumnsOf<S extends Shape> = { [Name in keyof S]: Kind[S[Name]] };

const FIRST_SIZE = 256;

/** Rows of numbers, kept by column: a million of them are a few arrays and no objects. */
export class Columns<S extends Shape> {
  length = 0;
  at: ColumnsOf<S>;
  readonly #shape: S;
  #size = FIRST_SIZE;

  constructor(shape: S) {
    this.#shape = shape;
    this.at = this.#make((kind) => MAKE[kind](FIRST_SIZE));
  }

  /** A row of zeros at the end; its number. */
  add(): number {
    if (this.length === this.#size) this.#grow();
    this.length += 1;
    return this.length - 1;
  }

  /** Copies of the rows from one number up to before another. */
  rows(from: number, until: number): ColumnsOf<S> {
    return this.#make((_kind, name) => this.at[name].slice(from, until));
  }

  /** Puts rows as `rows` gave them at the end. */
  append(rows: ColumnsOf<S>, count: number): void {
    while (this.#size < this.length + count) this.#grow();
    for (const name of this.#names()) this.at[name].set(rows[name], this.length);
    this.length += count;
  }

  #grow(): void {
    this.#size *= 2;
    const old = this.at;
    this.at = this.#make((kind, name) => {
      const next: Numbers = MAKE[kind](this.#size);
      next.set(old[name]);
      return next;
    });
  }

  #make(column: (kind: keyof Kind, name: keyof S) => Numbers): ColumnsOf<S> {
    return Object.fromEntries(
      this.#names().map((name) => [name, column(this.#shape[name] as keyof Kind, name)]),
    ) as ColumnsOf<S>;
  }

  #names(): (keyof S)[] {
    return Object.keys(this.#shape);
  }
}

/** Texts by small numbers, so that columns can hold them. 0 stands for none. */
export class Texts {
  readonly #codes = new Map<string, number>();
  readonly #texts: (string | null)[] = [null];

  codeOf(text: string | null | undefined): number {
    if (text == null) return 0;
    const known = this.#codes.get(text);
    if (known !== undefined) return known;
    this.#codes.set(text, this.#texts.length);
    return this.#texts.push(text) - 1;
  }

  /** For questions: a text that is not in gets no number, and -1 is in no column. */
  findCode(text: string | null | undefined): number {
    return text == null ? 0 : (this.#codes.get(text) ?? -1);
  }

  textOf(code: number | undefined): string | null {
    return this.#texts[code ?? 0] ?? null;
  }

  get size(): number {
    return this.#texts.length;
  }

  /** All of them in the order of their numbers, without none. */
  all(): string[] {
    return this.#texts.slice(1) as string[];
  }
}
