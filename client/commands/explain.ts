import { Command } from 'commander';
import { classify, explain as entryFor } from '../../drs/codes.js';
import { KINDS } from '../../drs/errors.js';
import { failed, type MakeCommand } from '../command.js';
import { plain } from '../output.js';

export const explain: MakeCommand = ({ output }) =>
  new Command('explain')
    .description('tell what an error code of DRS or its gateway means, and what to do about it')
    .argument('<code>', 'DRS.M00277, M00277 or APIGW.0308')
    .option('--json', 'one object: { code, kind, retried, meaning, mend }')
    .addHelpText('after', '\nExamples:\n  drs-pilot explain DRS.M00277\n  drs-pilot explain KE0001')
    .action((given: string) => {
      const code = /^APIGW?\.|^DRS\./i.test(given) ? given.toUpperCase() : `DRS.${given.toUpperCase()}`;
      const entry = entryFor(code);
      if (!entry) {
        const kind = classify({ code });
        throw failed(
          `Neither the reference nor the gateway lists ${plain(code)}. By its prefix it would be taken for "${kind}"; the HTTP status and the text that come with it tell more.`,
        );
      }
      const { kind, meaning, mend } = entry;
      const { retry: retried } = KINDS[kind];
      output.result(
        { code, kind, retried, meaning, mend },
        `${code} (${kind}${retried ? ', tried again by itself' : ''}): ${meaning}.\n${mend}`,
      );
    });
