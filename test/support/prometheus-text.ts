type Labels = Record<string, string>;

interface Sample {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
}

/** A scrape, read back as Prometheus reads it. */
export interface Scrape {
  readonly samples: readonly Sample[];
  readonly names: readonly string[];
  /** The value of the one series with exactly these labels. */
  readonly valueOf: (name: string, labels?: Labels) => number | undefined;
  /** All values that a label of a metric has. */
  readonly labelsOf: (name: string, label: string) => string[];
}

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y;

/** Reads the text format; throws for a line that Prometheus would refuse. */
export function parseScrape(text: string): Scrape {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const samples = lines.map((line) => {
    const [, name, labels, value] = SAMPLE.exec(line) ?? [];
    if (name === undefined) throw new Error(`not a sample: ${line}`);
    return { name, labels: parseLabels(labels ?? ''), value: Number(value!.replace('Inf', 'Infinity')) };
  });
  return {
    samples,
    names: [...new Set(samples.map(({ name }) => name))],
    valueOf: (name, labels = {}) =>
      samples.find((sample) => sample.name === name && isSame(sample.labels, labels))?.value,
    labelsOf: (name, label) => [
      ...new Set(samples.filter((sample) => sample.name === name).map(({ labels }) => labels[label] ?? '')),
    ],
  };
}

function parseLabels(text: string): Labels {
  const labels: Labels = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const from = LABEL.lastIndex;
    const [, name, value] = LABEL.exec(text) ?? [];
    if (name === undefined) throw new Error(`not a label: ${text.slice(from)}`);
    labels[name] = value!.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
  }
  return labels;
}

function isSame(one: Labels, other: Labels): boolean {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
}
