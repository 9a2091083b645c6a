import { Argument, Command } from 'commander';
import type { MakeCommand } from '../command.js';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

export const completion: MakeCommand = ({ output }) =>
  new Command('completion')
    .description('print what lets a shell complete commands, options and files')
    .addArgument(new Argument('<shell>', 'which one').choices(SHELLS))
    .addHelpText(
      'after',
      `
Examples:
  source <(drs-pilot completion bash)           # in ~/.bashrc; zsh alike, in ~/.zshrc
  drs-pilot completion fish > ~/.config/fish/completions/drs-pilot.fish`,
    )
    .action((shell: (typeof SHELLS)[number], _, command: Command) => {
      const root = command.parent as Command;
      output.result({ shell, script: SCRIPTS[shell](root) }, SCRIPTS[shell](root));
    });

/** One word list for each command; '' is the program itself. Words are names and options, so they need no quoting. */
function words(root: Command): [command: string, words: string][] {
  const options = ({ options: own }: Command) =>
    own.map(({ long }) => long).filter((long) => long !== undefined && long !== null);
  const shared = [...options(root), '--help'];
  return [
    ['', [...root.commands.map((one) => one.name()), ...shared, '--version'].join(' ')],
    ...root.commands.map((one): [string, string] => {
      const inner = one.commands.map((sub) => sub.name());
      return [one.name(), [...inner, ...options(one), ...one.commands.flatMap(options), ...shared].join(' ')];
    }),
  ];
}

const cases = (root: Command): string =>
  words(root)
    .map(([name, list]) => `    ${name === '' ? "''" : name}) words="${list}" ;;`)
    .join('\n');

/** Options of the program that a value follows. */
const valued = ({ options }: Command): string =>
  options
    .filter(({ required }) => required)
    .map(({ long }) => long)
    .join(' | ');

/** The first word that is neither an option nor its value names the command. */
const bash = (root: Command): string => `_drs_pilot() {
  local current="\${COMP_WORDS[COMP_CWORD]}" command='' word words='' skip=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if [[ -n "$skip" && "$word" != '=' ]]; then skip=''; continue; fi
    case "$word" in ${valued(root)}) skip=1 ;; -* | =) ;; *) command="$word"; break ;; esac
  done
  case "$command" in
${cases(root)}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [[ -n "$command" && "$current" != -* ]]; then COMPREPLY+=($(compgen -f -- "$current")); fi
}
complete -o filenames -F _drs_pilot drs-pilot`;

const zsh = (root: Command): string => `autoload -U +X bashcompinit && bashcompinit
${bash(root)}`;

function fish(root: Command): string {
  const lines = words(root).map(([name, list]) =>
    name === ''
      ? `complete -c drs-pilot -n __fish_use_subcommand -f -a "${list}"`
      : `complete -c drs-pilot -n "__fish_seen_subcommand_from ${name}" -a "${list}"`,
  );
  return lines.join('\n');
}

const SCRIPTS = { bash, zsh, fish } as const;
