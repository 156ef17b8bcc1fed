import type { JobNames, JobOptions } from './job.options.js';

/** What a file of the job is written from. */
export interface JobTemplate {
  readonly names: JobNames;
  readonly options: Pick<JobOptions, 'queue' | 'schedule'>;
  /** `.js` in ESM projects, else nothing. */
  readonly extension: string;
  /** The schema library of the project. */
  readonly schema: 'zod' | 'valibot' | undefined;
}

const SCHEMAS = {
  zod: { import: "import { z } from 'zod';", payload: 'z.object({ id: z.string() })', none: 'z.void()' },
  valibot: {
    import: "import * as v from 'valibot';",
    payload: 'v.object({ id: v.string() })',
    none: 'v.void()',
  },
};

/** The contract of both sides. */
export function definition({ names, options, schema }: JobTemplate): string {
  const library = schema && SCHEMAS[schema];
  const type = library || options.schedule !== undefined ? '' : '<{ id: string }>';
  const fields = [
    library && `payload: ${options.schedule === undefined ? library.payload : library.none}`,
    options.queue !== undefined && `queue: '${options.queue}'`,
  ].filter((field) => typeof field === 'string');
  const settings = fields.length === 0 ? '' : `, {\n${fields.map((field) => `  ${field},\n`).join('')}}`;
  return `import { defineJob } from 'scalr-queue';
${library ? `${library.import}\n` : ''}
/** The contract of both sides: it imports no handler. */
export const ${names.constant} = defineJob${type}('${names.job}'${settings});
`;
}

/** The handler. */
export function processor({ names, options, extension }: JobTemplate): string {
  const { constant, file } = names;
  const scheduled = options.schedule !== undefined;
  const imports = scheduled ? 'JobContext, ProcessJob, Scheduled' : 'JobContext, type PayloadOf, ProcessJob';
  const schedule = scheduled ? `\n  @Scheduled({ cron: '${options.schedule}' })` : '';
  const run = scheduled
    ? `async run(_: void, ctx: JobContext): Promise<void> {
    await ctx.log(\`attempt \${ctx.attempt} of \${ctx.maxAttempts}\`);`
    : `async run(
    { id }: PayloadOf<typeof ${constant}>,
    ctx: JobContext,
  ): Promise<void> {
    await ctx.log(\`\${id}: attempt \${ctx.attempt} of \${ctx.maxAttempts}\`);`;
  return `import { Injectable } from '@nestjs/common';
import { ${imports} } from 'scalr-queue';
import { ${constant} } from './${file}.jobs${extension}';

@Injectable()
export class ${constant}Processor {
  /** May run more than once: \`ctx.id\` is the same for all attempts of a job. */
  @ProcessJob(${constant})${schedule}
  ${run}
  }
}
`;
}

/** A spec of the handler that passes. */
export function processorSpec({ names, options, extension }: JobTemplate): string {
  const { constant, file } = names;
  const [payload, told] =
    options.schedule === undefined
      ? [", { id: '42' }", '42: attempt 1 of 5']
      : [', undefined', 'attempt 1 of 5'];
  return `import { Test } from '@nestjs/testing';
import { ScalrQueueTestingModule, TestQueue } from 'scalr-queue/testing';
import { ${constant} } from './${file}.jobs${extension}';
import { ${constant}Processor } from './${file}.processor${extension}';

describe('${constant}Processor', () => {
  it('completes, and logs which attempt it is', async () => {
    const module = await Test.createTestingModule({
      imports: [ScalrQueueTestingModule.forRoot()],
      providers: [${constant}Processor],
    }).compile();

    const queue = module.get(TestQueue);
    const outcome = await queue.runJob(${constant}${payload});

    expect(outcome).toMatchObject({
      status: 'completed',
      logs: ['${told}'],
    });
  });
});
`;
}
