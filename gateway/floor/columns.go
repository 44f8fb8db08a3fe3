package floor

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// columns are the fields of a row that a statement needs. Each goes to PostgreSQL as one
// array in its binary form, so that a batch is a statement a table: rows made of JSON cost
// more there than all else that was done with them.
type columns []column

type column struct {
	name  string // in SQL
	field int
	kind  reflect.Type
}

// columnsOf are those of the row's type with these names, or all of them.
func columnsOf[row any](names ...string) (list columns) {
	t := reflect.TypeFor[row]()
	for i := range t.NumField() {
		name := t.Field(i).Tag.Get("db")
		if len(names) == 0 || slices.Contains(names, name) {
			list = append(list, column{name, i, t.Field(i).Type})
		}
	}
	return list
}

// sent are the types of the arrays' elements. What PostgreSQL has no arrays of arrays for
// goes as text, and becomes what it is there.
var sent = map[reflect.Type]string{
	reflect.TypeFor[int64](): "bigint", reflect.TypeFor[int](): "int", reflect.TypeFor[bool](): "boolean", reflect.TypeFor[string](): "text",
	reflect.TypeFor[time.Time](): "timestamptz", reflect.TypeFor[*time.Time](): "timestamptz",
}

var made = map[reflect.Type]string{
	reflect.TypeFor[[]int64](): "::bigint[]", reflect.TypeFor[[]gateway.WrapUpLeft](): "::jsonb", reflect.TypeFor[json.RawMessage](): "::json",
}

// join gives them with something before and behind each name.
func (l columns) join(each func(c column) string) string {
	parts := make([]string, len(l))
	for i, c := range l {
		parts[i] = each(c)
	}
	return strings.Join(parts, ", ")
}

func (c column) bare() string { return c.name }

// rows is the statement's source of rows, w.
func (l columns) rows() string {
	n := 0
	arrays := l.join(func(c column) string {
		n++
		kind := sent[c.kind]
		if kind == "" {
			kind = "text"
		}
		return fmt.Sprintf("$%d::%s[]", n, kind)
	})
	return fmt.Sprintf("from unnest(%s) as w(%s)", arrays, l.join(column.bare))
}

// insert is the statement that adds rows to a table.
func (l columns) insert(table string) string {
	return fmt.Sprintf("insert into %s (%s) select %s %s", table, l.join(column.bare),
		l.join(func(c column) string { return "w." + c.name + made[c.kind] }), l.rows())
}

// upsert adds rows or, where there is one with the key, makes it this one.
func (l columns) upsert(table string, key ...string) string {
	return fmt.Sprintf("%s on conflict (%s) do update set %s", l.insert(table), strings.Join(key, ", "),
		l.without(key).join(func(c column) string { return c.name + " = excluded." + c.name }))
}

// update changes the rows with the key, which are there.
func (l columns) update(table string, key ...string) string {
	found := make([]string, len(key))
	for i, k := range key {
		found[i] = fmt.Sprintf("t.%s = w.%s", k, k)
	}
	return fmt.Sprintf("update %s t set %s %s where %s", table,
		l.without(key).join(func(c column) string { return c.name + " = w." + c.name + made[c.kind] }), l.rows(), strings.Join(found, " and "))
}

func (l columns) without(names []string) columns {
	return slices.DeleteFunc(slices.Clone(l), func(c column) bool { return slices.Contains(names, c.name) })
}

// store queues a statement for rows of the columns' type; nothing for none.
func store[row any](b *pgx.Batch, statement string, l columns, rows []row) {
	if len(rows) == 0 {
		return
	}
	all, arrays := reflect.ValueOf(rows), make([]any, len(l))
	for i, c := range l {
		arrays[i] = c.array(all)
	}
	b.Queue(statement, arrays...)
}

// array is the column of the rows.
func (c column) array(rows reflect.Value) any {
	n := rows.Len()
	if sent[c.kind] == "" {
		list := make([]string, n)
		for i := range list {
			list[i] = text(rows.Index(i).Field(c.field).Interface())
		}
		return list
	}
	list := reflect.MakeSlice(reflect.SliceOf(c.kind), n, n)
	for i := range n {
		list.Index(i).Set(rows.Index(i).Field(c.field))
	}
	return list.Interface()
}

// text is a value as PostgreSQL reads it.
func text(v any) string {
	switch v := v.(type) {
	case json.RawMessage:
		return string(v)
	case []int64:
		if len(v) == 0 {
			return "{}"
		}
		list := []byte{'{'}
		for _, n := range v {
			list = append(strconv.AppendInt(list, n, 10), ',')
		}
		list[len(list)-1] = '}'
		return string(list)
	}
	body, _ := json.Marshal(v) // numbers, times and booleans of ours
	return string(body)
}
