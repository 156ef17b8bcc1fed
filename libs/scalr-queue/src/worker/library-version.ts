/** Of package.json, which not every bundler leaves in reach. */
export const LIBRARY_VERSION = '0.1.0';
