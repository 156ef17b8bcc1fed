import { CronExpressionParser } from 'cron-parser';
import { InvalidOptionError } from '../../contract/errors/configuration.errors.js';
import { OptionChecker } from '../../contract/option-checker.js';
import type { ProjectOptions } from '../project/project.js';

/** Options of `nest g -c scalr-queue job`, as schematics/job.schema.json describes them. */
export interface JobOptions extends ProjectOptions {
  readonly name: string;
  readonly path?: string;
  readonly queue?: string;
  readonly schedule?: string;
  readonly flat?: boolean;
  readonly spec?: boolean;
  readonly specFileSuffix?: string;
  readonly skipImport?: boolean;
}

/** The names of a job in all their spellings. */
export interface JobNames {
  /** Folder below the source root; empty for the source root itself. */
  readonly folder: string;
  /** `send-invoice` */
  readonly file: string;
  /** `SendInvoice` */
  readonly constant: string;
  /** `invoices.send-invoice` */
  readonly job: string;
}

const check = new OptionChecker(InvalidOptionError);
const PART = /^[a-z][a-z0-9-]*$/;

/** @throws InvalidOptionError when a part of the name cannot be the name of a file and a class */
export function namesOf({ name, path, flat }: JobOptions): JobNames {
  const parts = [...(path ?? '').split('/'), ...name.split('/')].map(kebab).filter((part) => part !== '');
  for (const part of parts) {
    if (!PART.test(part))
      check.fail(
        'the name of the job',
        'letters and digits, beginning with a letter, such as invoices/send-invoice',
        name,
      );
  }
  const file = parts.pop() ?? check.fail('the name of the job', 'a name such as invoices/send-invoice', name);
  const job = check.name('the name of the job', [...parts, file].join('.'));
  if (parts.length === 0 && !flat) parts.push(file);
  return { folder: parts.join('/'), file, constant: pascal(file), job };
}

/** @throws InvalidOptionError when the queue or the schedule would be refused when the app boots */
export function checkJobOptions({ queue, schedule }: JobOptions): void {
  if (queue !== undefined) check.name('--queue', queue);
  if (schedule === undefined) return;
  if (schedule.trim().split(/\s+/).length !== 5) failSchedule(schedule);
  try {
    CronExpressionParser.parse(schedule);
  } catch {
    failSchedule(schedule);
  }
}

function failSchedule(schedule: string): never {
  return check.fail('--schedule', "five cron fields, such as '0 3 * * *'", schedule);
}

/** `sendInvoice`, `SendInvoice`, `send_invoice` and `Send Invoice` become `send-invoice`. */
function kebab(name: string): string {
  return name
    .trim()
    .replace(/([a-z\d])([A-Z])/g, '$1-$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1-$2')
    .replace(/[\s_-]+/g, '-')
    .replace(/^-|-$/g, '')
    .toLowerCase();
}

/** `send-invoice` becomes `SendInvoice`. */
export function pascal(name: string): string {
  return name
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}
