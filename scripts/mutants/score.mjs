// @ts-check

/**
 * @typedef {import('./mutations.mjs').Mutant} Mutant
 * @typedef {{ mutant: Mutant, verdict: 'killed' | 'survived' | 'undecided' }} Outcome
 * @typedef {{ file: string, what: string, reason: string }} Equivalent a mutant that changes nothing one could see
 * @typedef {Record<string, number>} Scores percent killed, by folder
 */

/** How a mutant is told. @param {Mutant} mutant */
export function nameOf({ file, line, what }) {
  return `${file}:${line}  ${what}`;
}

/** @param {readonly Mutant[]} mutants @param {readonly Equivalent[]} equivalents */
export function withoutEquivalents(mutants, equivalents) {
  return mutants.filter(
    (mutant) => !equivalents.some(({ file, what }) => file === mutant.file && what === mutant.what),
  );
}

/** Entries that match no mutant any more hide nothing and mislead. @param {readonly Mutant[]} mutants @param {readonly Equivalent[]} equivalents */
export function staleEquivalents(mutants, equivalents) {
  return equivalents.filter(
    ({ file, what }) => !mutants.some((mutant) => mutant.file === file && mutant.what === what),
  );
}

/** Percent killed, rounded down: 99.9 is not all, and what is undecided was not killed. @param {readonly Outcome[]} outcomes */
export function scoreOf(outcomes) {
  if (outcomes.length === 0) return 100;
  return Math.floor((100 * outcomes.filter(({ verdict }) => verdict === 'killed').length) / outcomes.length);
}

/**
 * What is wrong with the scores of a run, in lines; none when they hold.
 *
 * @param {Scores} scores of the folders that were run
 * @param {Scores} baseline
 */
export function complaints(scores, baseline) {
  return Object.entries(scores).flatMap(([folder, score]) => {
    const least = baseline[folder];
    if (least === undefined) return [`${folder} has no score on record: run it with --update`];
    return score < least ? [`${folder} fell from ${least} % to ${score} %`] : [];
  });
}

/**
 * The baseline after a run: the folders that were run get their score, those that are gone go.
 *
 * @param {Scores} scores
 * @param {Scores} baseline
 * @param {readonly string[]} folders that exist
 * @returns {Scores}
 */
export function updated(scores, baseline, folders) {
  const all = { ...baseline, ...scores };
  const kept = Object.entries(all).filter(([folder]) => folders.includes(folder));
  return Object.fromEntries(kept.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
