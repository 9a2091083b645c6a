export { migration } from './migration.js';
export { operation } from './operation.js';
export { validate } from './validate.js';
