/**
 * What is noted about one running job: the effects that it has begun and done, and how far it is with its items. It is kept with the
 * job, and goes with it. Each write is one step, and changes nothing for a run that has lost its job to another one.
 */
export interface JobEffects {
  /**
   * Begins an effect, unless it is done or another run is at it. Harmless when repeated with the same token.
   * @param token of this run of it
   * @param lease milliseconds after which it counts as given up, unless it is renewed
   */
  claim(key: string, token: string, lease: number): Promise<EffectClaim>;
  /** Holds a claim for so long from now on. */
  renew(key: string, token: string, lease: number): Promise<void>;
  /** Ends a claim; does nothing where another run has it. */
  settle(key: string, token: string, end: EffectEnd): Promise<void>;
  /** How far the items of that name were, as it was noted last. */
  progressOf(name: string): Promise<string | undefined>;
  /** Notes how far they are. @returns false where another run has the job */
  note(name: string, state: string, shown: string | undefined): Promise<boolean>;
}

/** How it stands with an effect that a run wants to begin. */
export type EffectClaim =
  /** It may begin. */
  | { readonly state: 'claimed' }
  /** It may begin; an earlier run had begun it at that time, and its end is not known. */
  | {
      readonly state: 'unknown';
      readonly since: number;
      /** Whether the job was dead for it, and somebody has retried it by hand. */
      readonly retried: boolean;
    }
  /** Another run is at it, for so many milliseconds at least. */
  | { readonly state: 'busy'; readonly left: number }
  /** It has happened: its result as JSON, '' for none; `lost` says why there is none that can be stored. */
  | { readonly state: 'done'; readonly result: string; readonly lost?: string }
  /** Another run has the job, or it is not stored any more. */
  | { readonly state: 'taken' }
  /** The job has as many effects as it may have. */
  | { readonly state: 'full' };

/** How a claim ends. */
export type EffectEnd =
  | { readonly state: 'done'; readonly result: string; readonly lost?: string }
  /** It has not happened. */
  | { readonly state: 'undone' }
  /** Nobody knows whether it has happened. @param dead the job is about to be dead for it */
  | { readonly state: 'unknown'; readonly dead: boolean };

/** The effects that a job can have: all that is stored of a job is read when it starts. */
export const MAX_EFFECTS = 1_000;
