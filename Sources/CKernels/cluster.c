// SPDX-License-Identifier: Apache-2.0
//
// Exact k-means of numbers on a line.
//
// An optimal cluster is a run of consecutive values, so an optimal clustering is a path of k links
// from 0 to n, where a link from p to i costs the squared error of the values p..<i around their
// mean (rounded to the precision of the table). These costs obey the quadrangle inequality, rounded
// mean or not: a rounded mean stays between the ends of its run, which are of that precision. So
//  - the least cost f(k) of k links is convex in k: with a price on every link, the cheapest path of
//    any number of links has k links for a suitable price (Aggarwal, Schieber, Tokuyama 1994);
//  - the best last link to i starts no earlier than that to i - 1.
// One pass over the values finds the cheapest path for a price; a few passes find the price. Where no
// price gives k links because f is straight around k, two paths of other lengths are crossed.
#include "internal.h"

#pragma clang diagnostic ignored "-Wpsabi"

enum { LANES = 8, BLOCK = 64 };

typedef double lanes __attribute__((vector_size(LANES * sizeof(double))));
typedef int64_t counts __attribute__((vector_size(LANES * sizeof(int64_t))));

/// Sums over the first i values, from the value nearest to zero outwards: small values are not
/// drowned by large ones.
typedef struct {
  double *weight, *sum, *square;
  double *cost;
  uint32_t *last;
  size_t n;
  int precision;
} line;

MPK_INLINE lanes load(const double *x) {
  lanes v;
  memcpy(&v, x, sizeof v);
  return v;
}

MPK_INLINE lanes pick(counts mask, lanes a, lanes b) {
  return (lanes)((mask & (counts)a) | (~mask & (counts)b));
}

/// Rounded to nearest in float16 or float32; all of them are in the range of the type.
MPK_INLINE lanes rounded(lanes x, int precision) {
  if (precision == MPK_CENTER_F32) {
    typedef float floats __attribute__((vector_size(LANES * sizeof(float))));
    return __builtin_convertvector(__builtin_convertvector(x, floats), lanes);
  }
  // 11 bits by Veltkamp's splitting; below 2^-14 multiples of 2^-24.
  lanes t = x * (0x1p42 + 1);
  lanes normal = t - (t - x);
  lanes fixed = (x + 0x1.8p28) - 0x1.8p28;
  counts small = (x < 0x1p-14) & (x > -0x1p-14);
  return pick(small, fixed, normal);
}

MPK_INLINE lanes error_of(lanes weight, lanes sum, lanes square, int precision) {
  lanes center = rounded(sum / weight, precision);
  return square - center * (sum + sum - center * weight);
}

/// The least cost of reaching `i` from first...last, without the price, and from where; the first
/// of equals.
MPK_INLINE double best_start(
    const line *l, size_t i, size_t first, size_t last, size_t *start) {
  const counts step = {0, 1, 2, 3, 4, 5, 6, 7};
  lanes least = (lanes){0} + INFINITY;
  counts place = (counts){0} + (int64_t)first;
  double weight = l->weight[i], sum = l->sum[i], square = l->square[i], bound = INFINITY;
  for (size_t p = first; p <= last; p += LANES) {
    lanes from = load(l->cost + p);
    // Costs of starts ascend.
    if (from[0] >= bound) break;
    lanes cost = from + error_of(
        weight - load(l->weight + p), sum - load(l->sum + p), square - load(l->square + p),
        l->precision);
    counts where = step + (int64_t)p;
    counts better = (cost < least) & (where <= (int64_t)last);
    least = pick(better, cost, least);
    place = (better & where) | (~better & place);
    if ((p - first) / LANES % 4 == 3) {
      for (int j = 0; j < LANES; j++) bound = least[j] < bound ? least[j] : bound;
    }
  }
  double value = least[0];
  size_t found = (size_t)place[0];
  for (int j = 1; j < LANES; j++) {
    if (least[j] < value || (least[j] == value && (size_t)place[j] < found)) {
      value = least[j];
      found = (size_t)place[j];
    }
  }
  *start = found;
  return value;
}

/// Costs of `LANES` ends after `i`, whose starts lie in first...last.
MPK_INLINE void fill(line *l, size_t i, size_t first, size_t last, double price) {
  lanes weight = load(l->weight + i + 1), sum = load(l->sum + i + 1);
  lanes square = load(l->square + i + 1), least = (lanes){0} + INFINITY;
  counts place = (counts){0} + (int64_t)first;
  for (size_t p = first; p <= last; p++) {
    lanes cost = l->cost[p] + error_of(
        weight - l->weight[p], sum - l->sum[p], square - l->square[p], l->precision);
    counts better = cost < least;
    least = pick(better, cost, least);
    place = (better & ((counts){0} + (int64_t)p)) | (~better & place);
  }
  least += price;
  memcpy(l->cost + i + 1, &least, sizeof least);
  for (int j = 0; j < LANES; j++) l->last[i + 1 + (size_t)j] = (uint32_t)place[j];
}

/// Costs of the cheapest paths to every end.
MPK_INLINE void pass(line *l, double price) {
  l->cost[0] = 0;
  l->last[0] = 0;
  size_t size = BLOCK;
  for (size_t i = 0; i < l->n;) {
    size_t starts[BLOCK / LANES + 1], end = i + size < l->n ? i + size : l->n;
    starts[0] = l->last[i];
    size_t last_start;
    double cost = best_start(l, end, starts[0], i, &last_start);
    // A start within the block costs at least the price more than the block's first.
    if (cost > l->cost[i] && end > i + 1) {
      size = end - i > 2 * LANES ? (end - i) / 2 / LANES * LANES : (end - i) / 2;
      continue;
    }
    size_t pieces = (end - i + LANES - 1) / LANES;
    starts[pieces] = last_start;
    for (size_t step = BLOCK / LANES / 2; step >= 1; step /= 2) {
      for (size_t piece = step; piece < pieces; piece += 2 * step) {
        size_t above = piece + step < pieces ? piece + step : pieces;
        best_start(l, i + piece * LANES, starts[piece - step], starts[above], &starts[piece]);
      }
    }
    for (size_t piece = 0; piece < pieces; piece++) {
      fill(l, i + piece * LANES, starts[piece], starts[piece + 1], price);
    }
    i = end;
    size = size * 2 < BLOCK ? size * 2 : BLOCK;
  }
}

/// The links of the cheapest path to the end; its nodes to `nodes[0...links]`.
MPK_INLINE size_t trace(const line *l, uint32_t *nodes) {
  size_t links = 0;
  for (size_t i = l->n; i > 0; i = l->last[i]) links++;
  size_t at = links;
  for (size_t i = l->n;; i = l->last[i]) {
    nodes[at] = (uint32_t)i;
    if (at-- == 0) break;
  }
  return links;
}

/// Cube root to a few digits, the same on every machine.
MPK_INLINE double cube_root(double x) {
  if (!(x > 0)) return 0;
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  bits = bits / 3 + (UINT64_C(682) << 52);
  double y;
  memcpy(&y, &bits, sizeof y);
  for (int i = 0; i < 3; i++) y = (2 * y + x / (y * y)) / 3;
  return y;
}

/// A price at which about k links are cheapest, from Panter's and Dite's formula for the error of a
/// quantizer.
MPK_INLINE double first_price(const line *l, const double *value, size_t k) {
  enum { PIECES = 128 };
  size_t pieces = l->n - 1 < PIECES ? l->n - 1 : PIECES;
  double total = 0;
  for (size_t j = 0; j < pieces; j++) {
    size_t a = j * (l->n - 1) / pieces, b = (j + 1) * (l->n - 1) / pieces;
    double width = value[b] - value[a];
    total += cube_root((l->weight[b] - l->weight[a]) * width * width);
  }
  double count = (double)k;
  return total * total * total / (6 * count * count * count);
}

/// Crosses a path of few links, at most k, with one of many, at least k, into one of k: both being
/// cheapest for one price, so is the result (which replaces `few`).
MPK_INLINE void cross(uint32_t *few, size_t few_links, const uint32_t *many, size_t k) {
  size_t extra = k - few_links, i = 0;
  while (many[i + 1 + extra] > few[i + 1]) i++;
  memmove(few + i + 1 + extra, few + i + 1, (few_links - i) * sizeof *few);
  memcpy(few, many, (i + 1 + extra) * sizeof *few);
}

/// The cost of a path.
MPK_INLINE double path_cost(const line *l, const uint32_t *nodes, size_t links) {
  double total = 0;
  for (size_t j = 0; j < links; j++) {
    size_t a = nodes[j], b = nodes[j + 1];
    lanes error = error_of(
        (lanes){0} + (l->weight[b] - l->weight[a]), (lanes){0} + (l->sum[b] - l->sum[a]),
        (lanes){0} + (l->square[b] - l->square[a]), l->precision);
    total += error[0];
  }
  return total;
}

/// A path of known cost.
typedef struct {
  uint32_t *nodes;
  size_t links;
  double cost;
} path;

MPK_INLINE void replace(path *old, path *new) {
  path kept = *old;
  *old = *new;
  *new = kept;
}

MPK_INLINE void find_path(line *l, double price, path *found) {
  pass(l, price);
  found->links = trace(l, found->nodes);
  found->cost = path_cost(l, found->nodes, found->links);
}

/// The price in the middle of those that give k links, if the root of 1 / cost grows with links as
/// it does between two paths.
MPK_INLINE double price_between(const path *a, const path *b, size_t k) {
  double from = 1 / sqrt(a->cost), links = (double)a->links;
  double slope = (1 / sqrt(b->cost) - from) / ((double)b->links - links);
  double root = from + slope * ((double)k - links);
  return 2 * slope / (root * root * root);
}

/// The price for k links, if it falls with the cube of the links as for smooth distributions.
MPK_INLINE double scaled_price(double price, size_t links, size_t k) {
  double ratio = (double)links / (double)k;
  return price * ratio * ratio * ratio;
}

MPK_INLINE int is_near(const path *few, const path *many) { return many->links - few->links < 4; }

/// The price to try after `links` came out at `price`. While only paths on one side of k are known,
/// it aims a little past k.
MPK_INLINE double next_price(
    const path *few, const path *many, size_t n, double price, size_t links, size_t k) {
  if (few->links > 1 && many->links < n) return price_between(few, many, k);
  size_t over = links < k ? (k - links) / 4 + 1 : (links - k) / 4 + 1;
  size_t under = over < k ? k - over : 1;
  return scaled_price(price, links, links < k ? k + over : under);
}

/// Finds the cheapest path of k links, starting from a guess of the price. `paths` has three with
/// room for n + 1 nodes each; the first is the result.
MPK_INLINE void search(line *l, size_t k, double price, path *paths) {
  enum { FEW = 0, MANY = 1, NEW = 2, GUESSES = 12 };
  path *few = &paths[FEW], *many = &paths[MANY], *new = &paths[NEW];
  few->links = 1;
  few->nodes[0] = 0;
  few->nodes[1] = (uint32_t)l->n;
  few->cost = path_cost(l, few->nodes, 1);
  many->links = l->n;
  for (size_t i = 0; i <= l->n; i++) many->nodes[i] = (uint32_t)i;
  many->cost = 0;
  for (int round = 0; few->links < k && many->links > k; round++) {
    int known = few->links > 1 && many->links < l->n;
    // At the chord's price both are equally cheap: if nothing is cheaper, nothing between them is.
    int chord = round >= GUESSES || !(price > 0) || (known && (round % 2 || is_near(few, many)));
    if (chord) price = (few->cost - many->cost) / (double)(many->links - few->links);
    find_path(l, price, new);
    int closer = new->links > few->links && new->links < many->links;
    double both = few->cost + price * (double)few->links;
    if (chord && (!closer || new->cost + price * (double)new->links >= both * (1 - 1e-14))) break;
    size_t links = new->links;
    if (closer) replace(links <= k ? few : many, new);
    price = next_price(few, many, l->n, price, links, k);
  }
  if (many->links == k) replace(few, many);
  if (few->links < k) cross(few->nodes, few->links, many->nodes, k);
}

/// Rounds up to whole vectors, with one of slack.
MPK_INLINE size_t padded_size(size_t n) { return (n + 1 + 2 * LANES) / LANES * LANES; }

size_t mpk_cluster_scratch(size_t n) {
  return padded_size(n) * 2 * (4 * sizeof(double) + 4 * sizeof(uint32_t));
}

/// Lays out a line of `n` values in scratch memory; returns what follows.
MPK_INLINE char *lay_out(char *memory, size_t n, int precision, line *l, path *paths) {
  size_t padded = padded_size(n);
  double *numbers = (double *)memory;
  l->n = n;
  l->precision = precision;
  l->weight = numbers;
  l->sum = numbers + padded;
  l->square = numbers + 2 * padded;
  l->cost = numbers + 3 * padded;
  uint32_t *nodes = (uint32_t *)(numbers + 4 * padded);
  l->last = nodes;
  for (int j = 0; j < 3; j++) paths[j].nodes = nodes + (size_t)(j + 1) * padded;
  memset(l->weight + n, 0, (padded - n) * sizeof(double));
  memset(l->sum + n, 0, (padded - n) * sizeof(double));
  memset(l->square + n, 0, (padded - n) * sizeof(double));
  memset(l->cost, 0, padded * sizeof(double));
  return (char *)(nodes + 4 * padded);
}

MPK_INLINE void accumulate(line *l, const double *value, const double *weight) {
  size_t zero = 0;
  while (zero < l->n && value[zero] < 0) zero++;
  double w = 0, s = 0, q = 0;
  l->weight[zero] = l->sum[zero] = l->square[zero] = 0;
  for (size_t i = zero; i < l->n; i++) {
    l->weight[i + 1] = w += weight[i];
    l->sum[i + 1] = s += weight[i] * value[i];
    l->square[i + 1] = q += weight[i] * value[i] * value[i];
  }
  w = s = q = 0;
  for (size_t i = zero; i-- > 0;) {
    l->weight[i] = w -= weight[i];
    l->sum[i] = s -= weight[i] * value[i];
    l->square[i] = q -= weight[i] * value[i] * value[i];
  }
}

/// The next node of the coarse line: at most `stride` further, less near the ends, where values lie
/// far apart.
MPK_INLINE size_t next_node(size_t i, size_t n, size_t stride) {
  enum { STEPS = 8 };
  size_t distance = i < n - i ? i : n - i;
  size_t step = distance / STEPS < stride ? distance / STEPS : stride;
  return i + (step > 1 ? step : 1);
}

/// A good price, found on a line of some of the nodes only.
MPK_INLINE double coarse_price(
    const line *fine, const double *value, size_t k, size_t stride, char *memory) {
  size_t n = 0;
  for (size_t i = 0; i < fine->n; i = next_node(i, fine->n, stride)) n++;
  line l;
  path paths[3];
  lay_out(memory, n, fine->precision, &l, paths);
  for (size_t i = 0, j = 0; j <= n; i = next_node(i, fine->n, stride), j++) {
    l.weight[j] = fine->weight[i];
    l.sum[j] = fine->sum[i];
    l.square[j] = fine->square[i];
  }
  path *near = &paths[0], *beyond = &paths[1];
  double price = first_price(fine, value, k);
  for (int round = 0; round < 4 && price > 0; round++) {
    find_path(&l, price, near);
    if (near->links + k / 8 >= k && near->links <= k + k / 8) break;
    price = scaled_price(price, near->links, k);
  }
  find_path(&l, price * (k < 8 ? 0.5 : 0.75), beyond);
  double middle = price_between(near, beyond, k);
  return middle > 0 && middle < INFINITY ? middle : price;
}

MPK_INLINE void cluster_body(
    int native, const double *value, const double *weight, size_t n, size_t k, int precision,
    void *scratch, uint32_t *ends) {
  (void)native;
  if (n <= k) {
    for (size_t j = 0; j < n; j++) ends[j] = (uint32_t)(j + 1);
    return;
  }
  line l;
  path paths[3];
  char *rest = lay_out(scratch, n, precision, &l, paths);
  accumulate(&l, value, weight);
  enum { FINE = 12, COARSEST = 16 };
  size_t stride = n / (k * FINE) < COARSEST ? n / (k * FINE) : COARSEST;
  double price =
      stride < 2 ? first_price(&l, value, k) : coarse_price(&l, value, k, stride, rest);
  search(&l, k, price, paths);
  memcpy(ends, paths[0].nodes + 1, k * sizeof *ends);
}
MPK_VERSIONS(
    void, cluster,
    (const double *value, const double *weight, size_t n, size_t k, int precision, void *scratch,
     uint32_t *ends),
    value, weight, n, k, precision, scratch, ends)
