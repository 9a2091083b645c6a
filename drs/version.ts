/** Version of drs-pilot, as package.json has it: part of the User-Agent. */
export const VERSION = '0.1.0';
