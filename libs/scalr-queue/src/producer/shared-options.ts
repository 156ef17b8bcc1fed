/** Sets of tags of one definition that are remembered: most jobs have one of few. */
const MOST_SETS = 1_000;

const marks = new WeakMap<object, Map<string, object>>();

/**
 * What tells jobs whose options are the same from others, for `PreparedJob.shared`: their options are made a text once.
 * @param plan of their definition
 * @param tags all that is stored beside a job
 */
export function sharedBy(plan: object, tags: readonly string[] | undefined): object {
  if (!tags) return plan;
  let ofPlan = marks.get(plan);
  if (!ofPlan) marks.set(plan, (ofPlan = new Map()));
  // No tag has white space in it.
  const key = tags.join(' ');
  let mark = ofPlan.get(key);
  if (!mark) {
    if (ofPlan.size >= MOST_SETS) ofPlan.clear();
    ofPlan.set(key, (mark = {}));
  }
  return mark;
}
