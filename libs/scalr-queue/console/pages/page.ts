import type { Act, Me, Overview } from '../api.js';
import type { Child } from '../dom.js';

/** What a page is given. */
export interface View {
  readonly me: Me;
  readonly overview: Overview;
  /** What is done to many jobs, or was. */
  readonly acts: readonly Act[];
  /** Of the address of the page. */
  readonly query: Readonly<Record<string, string | undefined>>;
}

/** A page: reads what it shows, and draws it. */
export interface Page {
  readonly title: string;
  /** The key that opens it. */
  readonly key?: string;
  /** What it is called in the navigation; absent for one that is reached from another. */
  readonly label?: string;
  /** Whether all that it shows is in the overview, so that it costs nothing to draw it again. */
  readonly isOfOverview?: boolean;
  readonly draw: (view: View) => Promise<Child[]> | Child[];
}
