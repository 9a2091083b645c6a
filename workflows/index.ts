export { migration } from './migration.js';
export { validate } from './validate.js';
