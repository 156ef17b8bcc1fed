import { UnknownJobError } from '../contract/errors/configuration.errors.js';
import { QueueUnavailableError } from '../contract/errors/enqueue.errors.js';
import { Cli } from './cli.js';
import { CliError, describeFailure } from './cli-error.js';
import { ExitCode } from './exit-codes.js';

it('says of a failure of its own what went wrong, on one line and without secrets', () => {
  const failure = new Error('connect redis://ada:hunter2@host\n  failed, api_key=hunter2');
  expect(describeFailure(failure)).toEqual({
    message: 'connect redis://[redacted]@host failed, api_key=[redacted]',
    exitCode: ExitCode.internal,
  });
  expect(describeFailure('token=hunter2').message).toBe('token=[redacted]');
  expect(describeFailure(new TypeError('')).message).toBe('TypeError');
});

it('has an exit code for each kind of failure', () => {
  expect(describeFailure(new CliError('no', ExitCode.usage)).exitCode).toBe(ExitCode.usage);
  expect(describeFailure(new CliError('no')).exitCode).toBe(ExitCode.failed);
  expect(describeFailure(new QueueUnavailableError('down'))).toEqual({
    message: 'down',
    code: 'QUEUE_UNAVAILABLE',
    exitCode: ExitCode.unavailable,
  });
  expect(describeFailure(new UnknownJobError('what')).exitCode).toBe(ExitCode.failed);
});

it('writes a failure as text for a person, and as JSON for a machine', () => {
  const written: string[] = [];
  const output = { write: (text: string) => Boolean(written.push(text)), isTTY: false, columns: 80 };
  const cli = new Cli(output, output);
  expect(cli.fail(new CliError('a \u001b[2J b'))).toBe(ExitCode.failed);
  cli.readSettings(() => ({ json: true }));
  expect(cli.fail(new QueueUnavailableError('down'))).toBe(ExitCode.unavailable);
  expect(written[0]).toBe('error: a \\x1b[2J b\n');
  expect(JSON.parse(written[1]!)).toEqual({ error: { code: 'QUEUE_UNAVAILABLE', message: 'down' } });
});
