const SHORTEST = 12;
const FEWEST_DIFFERENT = 6;
/** What is left of the passwords that everybody tries, without digits and signs. */
const WORN_OUT =
  /^(?:(?:my|the|your|new|super|very|some)?(?:password|passw|passwd|pass|secret|admin|administrator|root|changeme|changethis|letmein|welcome|dashboard|queues?|scalr|scalrqueue|redis|test|example|qwerty|qwertyuiop|abc|abcdef|default|master|login|iloveyou))+$/;

/** What speaks against a password, as the end of a sentence; undefined when nothing does. */
export function weaknessOf(password: string, user: string): string | undefined {
  if (password.length < SHORTEST) return `has fewer than ${SHORTEST} characters`;
  if (new Set(password).size < FEWEST_DIFFERENT) return 'repeats the same few characters';
  const lower = password.toLowerCase();
  const letters = lower.replace(/[^a-z]/g, '');
  if (user.length > 2 && lower.replaceAll(user.toLowerCase(), '').length < SHORTEST / 2)
    return 'is little more than the name of the user';
  if (letters === '' && '01234567890123456789'.includes(lower)) return 'is a row of digits';
  if (WORN_OUT.test(letters)) return 'is one that everybody tries';
  return undefined;
}
