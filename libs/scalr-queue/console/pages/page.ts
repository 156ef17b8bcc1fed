import type { Me, Overview } from '../api.js';
import type { Child } from '../dom.js';

/** What a page is given. */
export interface View {
  readonly me: Me;
  readonly overview: Overview;
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
  readonly draw: (view: View) => Promise<Child[]> | Child[];
}
