import { ConsoleLogger, type LogLevel } from '@nestjs/common';
import { SECRET_FIELDS } from './secret-names.js';

type Fields = Record<string, unknown>;
type Print = (messages: unknown[], ...rest: unknown[]) => void;
type Line = Fields & { level: LogLevel; pid: number; timestamp: number; message: unknown };
type ToLine = (message: unknown, ...rest: unknown[]) => Line;

/** As Nest 12 is asked to hide them. */
const HIDDEN: ReadonlySet<string> = new Set([...SECRET_FIELDS, 'payload']);
const DEEPEST = 5;

/** What Nest's own logger has from version 12 on. */
const nest = ConsoleLogger.prototype as unknown as { redact?: unknown; getJsonLogObject?: ToLine };

/** Whether a logger of Nest itself makes a plain object after the message fields of the line; before Nest 12 it is a line of its own. */
export const NEST_ADDS_FIELDS: boolean = typeof nest.redact === 'function';

/** Writes JSON lines on Nest 11 as Nest 12 does: a plain object after the message becomes fields of its line, without secrets. */
export class JsonLineLogger extends ConsoleLogger {
  private fields: Fields = {};

  protected override printMessages(messages: unknown[], ...rest: never[]): void {
    const [message, ...others] = messages;
    this.fields = Object.assign({}, ...others.filter(isPlain)) as Fields;
    const lines = [message, ...others.filter((other) => !isPlain(other))];
    (super.printMessages as Print).call(this, lines, ...rest);
    this.fields = {};
  }

  protected override getJsonLogObject(message: unknown, ...rest: never[]): Line {
    const line = nest.getJsonLogObject!.call(this, message, ...rest);
    const own = isPlain(message) ? { ...line, message: withoutSecrets(message) } : line;
    // What Nest itself says wins, as in Nest 12.
    return { ...withoutSecrets(this.fields), ...own };
  }
}

function isPlain(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function withoutSecrets(fields: Fields, depth = 0): Fields {
  const shown = Object.entries(fields).map(([name, value]) => {
    if (HIDDEN.has(name)) return [name, '[REDACTED]'];
    return [name, isPlain(value) && depth < DEEPEST ? withoutSecrets(value, depth + 1) : value];
  });
  return Object.fromEntries(shown) as Fields;
}
