import { InvalidOptionError } from './errors/configuration.errors.js';
import { isJobDefinition } from './job-definition.js';
import { OptionChecker } from './option-checker.js';

const check = new OptionChecker(InvalidOptionError);

/** The name that `filter.definition` means. @throws InvalidOptionError */
export function definitionIn(definition: unknown): string {
  return isJobDefinition(definition) ? definition.name : check.name('filter.definition', definition);
}

/** Epoch milliseconds. @throws InvalidOptionError */
export function momentIn(field: string, moment: unknown): number {
  if (!(moment instanceof Date) || Number.isNaN(moment.getTime()))
    return check.fail(field, 'a valid Date', moment);
  return moment.getTime();
}
