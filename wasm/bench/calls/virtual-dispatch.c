// Objects with tables of methods, as a compiler of an object-oriented language lays them out.
#include "bench.h"

struct shape;
struct methods {
  double (*area)(const struct shape *);
  double (*circumference)(const struct shape *);
  void (*grow)(struct shape *, double);
};
struct shape {
  const struct methods *methods;
  double width, height;
};

static double rectangle_area(const struct shape *s) { return s->width * s->height; }
static double rectangle_circumference(const struct shape *s) { return 2 * (s->width + s->height); }
static double ellipse_area(const struct shape *s) { return 0.7853981633974483 * s->width * s->height; }
static double ellipse_circumference(const struct shape *s) {
  return 1.5707963267948966 * (s->width + s->height);
}
static double triangle_area(const struct shape *s) { return 0.5 * s->width * s->height; }
static double triangle_circumference(const struct shape *s) { return s->width + 2 * s->height; }
static void grow_both(struct shape *s, double by) {
  s->width += by;
  s->height += by;
}
static void grow_width(struct shape *s, double by) { s->width += by; }

static const struct methods rectangle = {rectangle_area, rectangle_circumference, grow_both};
static const struct methods ellipse = {ellipse_area, ellipse_circumference, grow_width};
static const struct methods triangle = {triangle_area, triangle_circumference, grow_both};

enum { SHAPES = 4096, ROUNDS = 30000 };
static struct shape shapes[SHAPES];

int main(void) {
  static const struct methods *const classes[3] = {&rectangle, &ellipse, &triangle};
  for (int i = 0; i < SHAPES; i++) {
    shapes[i] = (struct shape){classes[next_random() % 3], next_unit(), next_unit()};
  }
  double sum = 0;
  for (int round = 0; round < ROUNDS; round++) {
    for (int i = 0; i < SHAPES; i++) {
      struct shape *shape = &shapes[i];
      sum += shape->methods->area(shape) / shape->methods->circumference(shape);
      if ((round & 63) == 0) shape->methods->grow(shape, 1e-6);
    }
  }
  return report(checksum(&sum, sizeof sum));
}
