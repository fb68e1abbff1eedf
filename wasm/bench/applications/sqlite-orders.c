// A small shop in SQLite, in memory: inserts, indexes, joins, groups, updates, text functions.
#include <sqlite3.h>
#include <string.h>

#include "bench.h"

static sqlite3 *db;
static uint64_t sum;

static void check(int code) {
  if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return;
  fprintf(stderr, "sqlite: %s\n", sqlite3_errmsg(db));
  exit(1);
}

static void run(const char *sql) { check(sqlite3_exec(db, sql, NULL, NULL, NULL)); }

static sqlite3_stmt *prepare(const char *sql) {
  sqlite3_stmt *statement;
  check(sqlite3_prepare_v2(db, sql, -1, &statement, NULL));
  return statement;
}

// Folds all rows of a query into the checksum.
static void query(const char *sql) {
  sqlite3_stmt *statement = prepare(sql);
  while (sqlite3_step(statement) == SQLITE_ROW) {
    for (int i = 0; i < sqlite3_column_count(statement); i++) {
      const void *text = sqlite3_column_text(statement, i);
      sum = sum * 31 + checksum(text, (size_t)sqlite3_column_bytes(statement, i));
    }
  }
  check(sqlite3_finalize(statement));
}

static void fill(void) {
  sqlite3_stmt *customer = prepare("INSERT INTO customer VALUES (?, ?, ?)");
  char name[32];
  for (int i = 0; i < 2000; i++) {
    sqlite3_bind_int(customer, 1, i);
    sqlite3_bind_text(customer, 2, name, sprintf(name, "customer %x", next_random()), SQLITE_TRANSIENT);
    sqlite3_bind_int(customer, 3, (int)(next_random() % 50));
    check(sqlite3_step(customer));
    check(sqlite3_reset(customer));
  }
  check(sqlite3_finalize(customer));
  sqlite3_stmt *order = prepare("INSERT INTO purchase VALUES (?, ?, ?, ?)");
  for (int i = 0; i < 60000; i++) {
    sqlite3_bind_int(order, 1, i);
    sqlite3_bind_int(order, 2, (int)(next_random() % 2000));
    sqlite3_bind_double(order, 3, (next_random() % 100000) / 100.0);
    sqlite3_bind_int(order, 4, (int)(next_random() % 365));
    check(sqlite3_step(order));
    check(sqlite3_reset(order));
  }
  check(sqlite3_finalize(order));
}

int main(void) {
  check(sqlite3_open(":memory:", &db));
  run("CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT, city INTEGER);"
      "CREATE TABLE purchase (id INTEGER PRIMARY KEY, customer INTEGER, amount REAL, day INTEGER);"
      "BEGIN");
  fill();
  run("COMMIT;"
      "CREATE INDEX purchase_customer ON purchase (customer);"
      "CREATE INDEX purchase_day ON purchase (day, amount)");
  query("SELECT city, count(*), round(sum(amount), 2) FROM customer JOIN purchase"
        " ON purchase.customer = customer.id GROUP BY city ORDER BY 3 DESC");
  query("SELECT day, max(amount), avg(amount) FROM purchase GROUP BY day HAVING count(*) > 150");
  query("SELECT name FROM customer WHERE name LIKE '%ab%' ORDER BY upper(name)");
  query("SELECT id, sum(amount) OVER (PARTITION BY customer ORDER BY day, id) FROM purchase"
        " WHERE day BETWEEN 100 AND 160 ORDER BY id");
  query("WITH RECURSIVE walk (n, x) AS (SELECT 0, 1 UNION ALL SELECT n + 1, (x * 1103515245 + 12345)"
        " % 2147483648 FROM walk WHERE n < 60000) SELECT sum(x), max(n) FROM walk");
  run("UPDATE purchase SET amount = amount * 1.1 WHERE day % 7 = 3;"
      "DELETE FROM purchase WHERE customer IN (SELECT id FROM customer WHERE city = 7)");
  query("SELECT count(*), round(sum(amount), 2) FROM purchase");
  query("PRAGMA integrity_check");
  check(sqlite3_close(db));
  return report(sum);
}
