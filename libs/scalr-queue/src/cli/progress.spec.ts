import { Cli } from './cli.js';
import { Progress } from './progress.js';

/** What a person sees of a command that shows how far it is. */
function shown({
  isTTY,
  json = false,
  texts,
}: {
  isTTY: boolean;
  json?: boolean;
  texts: string[];
}): string[] {
  const sent: string[] = [];
  const stream = { write: (text: string) => sent.push(text) > 0, isTTY, columns: 80 };
  const cli = new Cli(stream, stream);
  cli.readSettings(() => ({ json }));
  {
    using progress = new Progress(cli);
    for (const text of texts) progress.show(text);
  }
  return sent;
}

it('is one line on a terminal, which is gone afterwards', () => {
  expect(shown({ isTTY: true, texts: ['1 done'] })).toEqual(['\r\x1b[K1 done', '\r\x1b[K']);
  // No more often than a person can read.
  expect(shown({ isTTY: true, texts: ['1 done', '2 done'] })).toHaveLength(2);
  expect(shown({ isTTY: true, texts: [] })).toEqual([]);
});

it('is not in what goes to a file or to a machine', () => {
  expect(shown({ isTTY: false, texts: ['1 done'] })).toEqual([]);
  expect(shown({ isTTY: true, json: true, texts: ['1 done'] })).toEqual([]);
});
