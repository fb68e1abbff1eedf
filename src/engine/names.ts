import { EngineError } from '../base/engine-error.ts';
import { type RandomSource, randomBelow } from './random-source.ts';

const ADJECTIVES =
  'agile airy amber ample ardent azure balmy brave breezy bright brisk calm candid cheery civil clear clever cosy crisp curious daring deft dewy eager early earnest easy elated fair fancy fearless fleet fluent fond frank free fresh gentle glad glassy golden graceful grand green handy happy hardy hazel honest humble jaunty jolly keen kind lasting leafy light lilting lively loyal lucid lucky mellow merry mild mindful misty modest mossy neat nimble noble open patient placid playful plucky polite prompt proud quick quiet radiant ready robust rooted rosy serene sharp shiny silent silver sincere sleek smooth snug sober solid spry steady still sunny supple swift tender tidy tranquil true upbeat valiant verdant vivid warm watchful wise witty zesty'.split(
    ' ',
  );

/** Botanists, gardeners, and people of water, light and small things. */
const SURNAMES =
  'agnesi albers anning arber attenborough babcock banks barton bauhin bentham bonpland boole brown burbank candolle carson carver cavendish chase clusius coleman colden cori darwin delile eastwood elion engler esau fairchild fleming fuchs galilei gesner goethe gray haldane hales hooke hooker humboldt hutton ingenhousz janaki jekyll kalm kepler kingdon klein lamarck leeuwenhoek lindley linnaeus lister lovelace lyell malpighi margulis mcclintock mendel merian mutis nightingale noether north parkinson pascal pavlov pinchot pliny potter priestley ramsay ray redoute robinson sachs sargent saussure semple sessions spruce steller swaminathan swammerdam theophrastus thoreau thunberg torrey tournefort tradescant turing vavilov vries wallace warming weismann wollaston young'.split(
    ' ',
  );

const ATTEMPTS_WITHOUT_NUMBER = 6;
const ATTEMPTS = 64;

/**
 * A free name such as `calm_linnaeus`.
 *
 * # Errors
 * - resource-exhausted: every name that was tried is taken
 */
export function randomName(random: RandomSource, isTaken: (name: string) => boolean): string {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const adjective = ADJECTIVES[randomBelow(random, ADJECTIVES.length)] ?? '';
    const surname = SURNAMES[randomBelow(random, SURNAMES.length)] ?? '';
    const number = attempt < ATTEMPTS_WITHOUT_NUMBER ? '' : String(randomBelow(random, 10_000));
    const name = `${adjective}_${surname}${number}`;
    if (!isTaken(name)) return name;
  }
  throw new EngineError('resource-exhausted', 'no free container name found: give one by --name');
}

/**
 * The longest name that is let in: longer ones would not fit a file name or a DNS label of later
 * use anyway.
 */
const MAX_NAME_LENGTH = 255;

/**
 * The name without the leading slash that Docker's clients may send.
 *
 * # Errors
 * - invalid-argument: Docker's words for a name that breaks its rule
 */
export function parseContainerName(text: string): string {
  const name = text.startsWith('/') ? text.slice(1) : text;
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name) && name.length <= MAX_NAME_LENGTH) return name;
  throw new EngineError(
    'invalid-argument',
    `Invalid container name (${text.slice(0, MAX_NAME_LENGTH)}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`,
  );
}
