import { InvalidOptionError } from '../../contract/errors/configuration.errors.js';
import { OptionChecker } from '../../contract/option-checker.js';

const check = new OptionChecker(InvalidOptionError);
const MAX_KEY_LENGTH = 200;

/** The key of an effect, or the name of a list: any text that Redis and JSON give back as it was. */
export function checkKey(field: string, key: unknown): asserts key is string {
  if (typeof key !== 'string' || key.length === 0 || key.length > MAX_KEY_LENGTH || !key.isWellFormed())
    check.fail(field, `a string of 1 to ${MAX_KEY_LENGTH} characters`, key);
}
