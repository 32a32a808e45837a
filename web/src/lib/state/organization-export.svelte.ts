/** What has arrived is counted by its line ends; the first line says how many are to come. */
const LINE_END = 10;
const MAX_HEADER = 10_000;

type Source = (signal: AbortSignal) => Promise<ReadableStream<Uint8Array<ArrayBuffer>>>;

function expectedLines(header: string): number {
  try {
    const { dmtracker } = JSON.parse(header) as {
      dmtracker: { expected: { events: number; contacts: number } };
    };
    return dmtracker.expected.events + dmtracker.expected.contacts;
  } catch {
    return 0;
  }
}

/** The whole organization on its way into a file: how far it is, until it is there or somebody has had enough. */
export class OrganizationExport {
  running = $state(false);
  lines = $state(0);
  /** 0 until the first line is there. */
  expected = $state(0);
  problem = $state<string>();
  readonly #open: Source;
  #stop: AbortController | undefined;

  constructor(open: Source) {
    this.#open = open;
  }

  /** Resolves with the file; undefined when it was cancelled or failed. */
  async run(packed: boolean): Promise<Blob | undefined> {
    const stop = (this.#stop = new AbortController());
    Object.assign(this, { running: true, lines: 0, expected: 0, problem: undefined });
    try {
      const counted = (await this.#open(stop.signal)).pipeThrough(this.#counting());
      const stream = packed ? counted.pipeThrough(new CompressionStream("gzip")) : counted;
      return await new Response(stream).blob();
    } catch (error) {
      if (!stop.signal.aborted) this.problem = error instanceof Error ? error.message : String(error);
      return undefined;
    } finally {
      this.running = false;
    }
  }

  cancel(): void {
    this.#stop?.abort();
  }

  #counting(): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
    const decoder = new TextDecoder();
    let header = "";
    return new TransformStream({
      transform: (chunk, controller) => {
        let count = 0;
        for (const byte of chunk) if (byte === LINE_END) count += 1;
        if (this.expected === 0 && header.length < MAX_HEADER) {
          header += decoder.decode(chunk, { stream: true });
          if (header.includes("\n")) this.expected = expectedLines(header.slice(0, header.indexOf("\n")));
        }
        this.lines += count;
        controller.enqueue(chunk);
      },
    });
  }
}
