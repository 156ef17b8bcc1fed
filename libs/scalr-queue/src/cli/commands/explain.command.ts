import type { Command } from 'commander';
import type { JobExplanation } from '../../contract/job-explanation.js';
import { redactSecrets } from '../../observability/redaction.js';
import type { Cli } from '../cli.js';
import { CliError } from '../cli-error.js';
import { stateCell } from '../job-text.js';
import { cleanText } from '../../observability/clean-text.js';
import type { Paint } from '../output/paint.js';
import { renderFields } from '../output/table.js';
import { redactedJob } from '../../observability/redacted-job.js';
import { addRefFlags, type RefFlags, refOf } from './job-ref.js';

/** `scalr-queue explain ID` */
export function registerExplain(program: Command, cli: Cli): void {
  addRefFlags(program.command('explain <id>'))
    .description('why a job does not run, or what became of it, and what to do')
    .action((id: string, flags: RefFlags) =>
      cli.withApp(async ({ jobs }) => {
        const found = await jobs.explain(refOf(id, flags));
        if (!found) throw new CliError(`no job with the id ${id} is stored`);
        const shown = shownOf(found);
        cli.print(shown, () => describe(shown, cli.paint));
      }),
    );
}

/** Without what the job returned, and without the secrets of its errors. */
function shownOf({ job, reasons }: JobExplanation): JobExplanation {
  return {
    job: redactedJob(job),
    reasons: reasons.map((reason) => ({ ...reason, message: redactSecrets(reason.message) })),
  };
}

function describe({ job, reasons }: JobExplanation, paint: Paint): string {
  const head = renderFields(
    [
      ['job', { value: job.id, tone: 'bold' }],
      ['name', job.name],
      ['queue', job.queue],
      ['state', stateCell(job)],
    ],
    paint,
  );
  const lines = reasons.flatMap(({ message, advice }) => [
    `- ${cleanText(message)}`,
    ...(advice ? [`  ${paint.dim(cleanText(advice))}`] : []),
  ]);
  return [head, ...lines].join('\n');
}
