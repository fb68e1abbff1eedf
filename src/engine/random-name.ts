/** Words for containers without a name: a water plant's look, and where such plants live. */
const LOOKS = (
  'agile airy amber ample ancient balmy bold brave bright brisk calm candid clear clever cosy crisp curious dapper ' +
  'deft eager early earnest easy fair fine floating fluent fond fresh gentle glad golden grand green happy hardy ' +
  'honest humble jolly keen kind lively lucid lucky mellow merry mild misty modest neat nimble noble patient placid ' +
  'polite proud quick quiet rapid rare ready rested robust rosy serene sharp silent silver simple sleek smart snug ' +
  'solid steady still sunny swift tender tidy tiny tranquil trusty upbeat vivid warm wild wise witty young'
).split(' ');

const PLACES = (
  'azolla bank bay bayou bog brook bulrush canal cattail channel charophyte cove creek cress delta dew duckweed ' +
  'eddy elodea estuary fen ferry ford fountain frond grove gully heron horsetail iris island islet kelp lagoon lake ' +
  'lemna lily loch lotus marsh meadow mere mill moor moss newt oasis otter papyrus pebble perch pond pool puddle quay ' +
  'rapids reed reef rill river rivulet rush salvinia sedge shoal shore spring stream sundew swamp tarn teal thicket ' +
  'tide torrent trout turtle valley vale warbler wader water weir wetland willow wolffia'
).split(' ');

/** A name like `calm_lotus`; `attempt` past the first few adds a number, so that a free one is always found. */
export function randomName(randomIndex: (below: number) => number, attempt: number): string {
  const look = LOOKS[randomIndex(LOOKS.length)];
  const place = PLACES[randomIndex(PLACES.length)];
  return `${look}_${place}${attempt < 5 ? '' : randomIndex(10 ** (attempt - 3))}`;
}
