/** A Chromium that comes as a npm package; close it when you are done. */
export declare function openChromium(): Promise<import('playwright-core').Browser>;
