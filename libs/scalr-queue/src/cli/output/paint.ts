import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Colours, where the output is a terminal or `FORCE_COLOR` is set, and `NO_COLOR` is not. */
export class Paint {
  readonly colours: boolean;

  constructor(output: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv = process.env) {
    const { NO_COLOR, FORCE_COLOR, TERM } = env;
    const forced = FORCE_COLOR !== undefined && FORCE_COLOR !== '0';
    this.colours = !NO_COLOR && (forced || (output.isTTY === true && TERM !== 'dumb'));
  }

  bold(text: string): string {
    return this.style('bold', text);
  }

  dim(text: string): string {
    return this.style('dim', text);
  }

  good(text: string): string {
    return this.style('green', text);
  }

  warn(text: string): string {
    return this.style('yellow', text);
  }

  bad(text: string): string {
    return this.style('red', text);
  }

  private style(style: Style, text: string): string {
    // Whether to do so was decided above; node would look at stdout again.
    return this.colours ? styleText(style, text, { validateStream: false }) : text;
  }
}
