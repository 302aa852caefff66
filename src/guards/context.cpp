#include "guards/context.h"

#include <algorithm>
#include <array>

#include "guards/chars.h"

namespace aigw::guards {

namespace {

constexpr size_t kNear = 16;   // bytes between "version" and what is one
constexpr size_t kReach = 30;  // bytes between "call" and a number

struct Entry {
    std::string_view word;  // in lower case
    Hint hint;
};

// Sorted by word.
constexpr Entry kWords[] = {
    {"account", Hint::Other}, {"address", Hint::Address}, {"amount", Hint::Money}, {"appel", Hint::Phone},
    {"appelez", Hint::Phone}, {"article", Hint::Other}, {"asin", Hint::Other}, {"batch", Hint::Other}, {"bel", Hint::Phone},
    {"bestellnummer", Hint::Other}, {"bestellung", Hint::Other}, {"booking", Hint::Other}, {"build", Hint::Version},
    {"call", Hint::Phone}, {"called", Hint::Phone}, {"calling", Hint::Phone}, {"case", Hint::Other}, {"cel", Hint::Phone},
    {"cell", Hint::Phone}, {"cellphone", Hint::Phone}, {"cellulare", Hint::Phone}, {"celular", Hint::Phone},
    {"chapter", Hint::Version}, {"chiama", Hint::Phone}, {"chiamare", Hint::Phone}, {"chiamate", Hint::Phone},
    {"chrome", Hint::Version}, {"clause", Hint::Version}, {"code", Hint::Other}, {"commande", Hint::Other},
    {"commit", Hint::Other}, {"contact", Hint::Phone}, {"cost", Hint::Money}, {"costs", Hint::Money}, {"dial", Hint::Phone},
    {"dns", Hint::Address}, {"doi", Hint::Other}, {"driver", Hint::Version}, {"ean", Hint::Other}, {"eur", Hint::Money},
    {"factura", Hint::Other}, {"facture", Hint::Other}, {"fax", Hint::Phone}, {"figure", Hint::Version},
    {"firmware", Hint::Version}, {"fono", Hint::Phone}, {"gateway", Hint::Address}, {"gbp", Hint::Money},
    {"gtin", Hint::Other}, {"handy", Hint::Phone}, {"handynummer", Hint::Phone}, {"host", Hint::Address},
    {"hotline", Hint::Phone}, {"id", Hint::Other}, {"imei", Hint::Other}, {"inr", Hint::Money}, {"invoice", Hint::Other},
    {"ip", Hint::Address}, {"ipv4", Hint::Address}, {"isbn", Hint::Other}, {"issn", Hint::Other}, {"item", Hint::Other},
    {"landline", Hint::Phone}, {"ligue", Hint::Phone}, {"line", Hint::Other}, {"llama", Hint::Phone}, {"llame", Hint::Phone},
    {"lot", Hint::Other}, {"mobiel", Hint::Phone}, {"mobil", Hint::Phone}, {"mobile", Hint::Phone},
    {"mobilnummer", Hint::Phone}, {"model", Hint::Other}, {"movil", Hint::Phone}, {"numer", Hint::Phone},
    {"order", Hint::Other}, {"ordine", Hint::Other}, {"parcel", Hint::Other}, {"part", Hint::Other}, {"pedido", Hint::Other},
    {"phone", Hint::Phone}, {"phones", Hint::Phone}, {"ping", Hint::Address}, {"plz", Hint::Other},
    {"population", Hint::Other}, {"portable", Hint::Phone}, {"preis", Hint::Money}, {"price", Hint::Money},
    {"priced", Hint::Money}, {"prix", Hint::Money}, {"puhelin", Hint::Phone}, {"reach", Hint::Phone},
    {"rechnung", Hint::Other}, {"ref", Hint::Other}, {"reference", Hint::Other}, {"release", Hint::Version},
    {"revenue", Hint::Money}, {"revision", Hint::Version}, {"ring", Hint::Phone}, {"ruf", Hint::Phone},
    {"rufe", Hint::Phone}, {"rufen", Hint::Phone}, {"rufnummer", Hint::Phone}, {"section", Hint::Version},
    {"security", Hint::Ssn}, {"serial", Hint::Other}, {"server", Hint::Address}, {"shipment", Hint::Other},
    {"siren", Hint::Other}, {"siret", Hint::Other}, {"sku", Hint::Other}, {"sms", Hint::Phone}, {"social", Hint::Ssn},
    {"ss", Hint::Ssn}, {"ssn", Hint::Ssn}, {"step", Hint::Version}, {"table", Hint::Version}, {"tel", Hint::Phone},
    {"telefon", Hint::Phone}, {"telefonata", Hint::Phone}, {"telefone", Hint::Phone}, {"telefoniczny", Hint::Phone},
    {"telefono", Hint::Phone}, {"telefonu", Hint::Phone}, {"telefoon", Hint::Phone}, {"telefoonnummer", Hint::Phone},
    {"telephone", Hint::Phone}, {"telnr", Hint::Phone}, {"text", Hint::Text}, {"ticket", Hint::Other},
    {"total", Hint::Money}, {"tracking", Hint::Other}, {"uid", Hint::Other}, {"upc", Hint::Other}, {"usd", Hint::Money},
    {"v", Hint::Version}, {"vat", Hint::Other}, {"ver", Hint::Version}, {"version", Hint::Version},
    {"versions", Hint::Version}, {"vin", Hint::Other}, {"waybill", Hint::Other}, {"whatsapp", Hint::Phone},
    {"zip", Hint::Other},
};

// Words that begin so: beyond ASCII, in the cases they are written in, or compounds.
constexpr Entry kStems[] = {
    {"Телефон", Hint::Phone}, {"телефон", Hint::Phone}, {"Тел", Hint::Phone},     {"тел", Hint::Phone},
    {"звон", Hint::Phone},    {"Звон", Hint::Phone},    {"позвон", Hint::Phone},  {"Позвон", Hint::Phone},
    {"моб", Hint::Phone},     {"Моб", Hint::Phone},     {"tél", Hint::Phone},     {"Tél", Hint::Phone},
    {"TÉL", Hint::Phone},     {"teléf", Hint::Phone},   {"Teléf", Hint::Phone},   {"móvil", Hint::Phone},
    {"Móvil", Hint::Phone},   {"τηλ", Hint::Phone},     {"Τηλ", Hint::Phone},     {"τηλέφ", Hint::Phone},
    {"llám", Hint::Phone},    {"Llám", Hint::Phone},    {"заказ", Hint::Other},   {"Заказ", Hint::Other},
    {"komórk", Hint::Phone},  {"matkapuhelin", Hint::Phone}, {"telefonnummer", Hint::Phone}, {"mobiltelefon", Hint::Phone},
    {"mobilnummer", Hint::Phone}, {"télé", Hint::Phone},  {"Télé", Hint::Phone},
};

// Scripts without spaces, or with other ones: anywhere.
constexpr Entry kAnywhere[] = {
    {"电话", Hint::Phone}, {"手机", Hint::Phone}, {"電話", Hint::Phone}, {"手機", Hint::Phone}, {"携帯", Hint::Phone},
    {"联系", Hint::Phone}, {"致电", Hint::Phone}, {"拨打", Hint::Phone}, {"전화", Hint::Phone}, {"휴대", Hint::Phone},
    {"연락", Hint::Phone}, {"फोन", Hint::Phone},  {"फ़ोन", Hint::Phone},  {"मोबाइल", Hint::Phone}, {"कॉल", Hint::Phone},
    {"هاتف", Hint::Phone}, {"جوال", Hint::Phone}, {"טלפון", Hint::Phone}, {"נייד", Hint::Phone}, {"โทร", Hint::Phone},
    {"điện thoại", Hint::Phone}, {"订单", Hint::Other}, {"单号", Hint::Other}, {"注文", Hint::Other}, {"주문", Hint::Other},
};

Hint hint_of(std::string_view word) {
    std::array<char, 24> lower{};
    bool ascii = word.size() <= lower.size();
    for (size_t i = 0; ascii && i < word.size(); ++i) {
        lower[i] = to_lower(word[i]);
        ascii = static_cast<unsigned char>(word[i]) < 0x80;
    }
    std::string_view folded(lower.data(), std::min(word.size(), lower.size()));
    if (ascii) {
        const Entry *found = std::lower_bound(std::begin(kWords), std::end(kWords), folded,
                                              [](const Entry &entry, std::string_view wanted) { return entry.word < wanted; });
        if (found != std::end(kWords) && found->word == folded) {
            return found->hint;
        }
    }
    for (const Entry &stem : kStems) {
        std::string_view head = (ascii ? folded : word).substr(0, stem.word.size());
        if (head == stem.word) {
            return stem.hint;
        }
    }
    return Hint::None;
}

}  // namespace

Hint hint_before(std::string_view text, size_t at) {
    size_t begin = at > kContext ? at - kContext : 0;
    std::string_view context = text.substr(begin, at - begin);
    size_t best = 0;  // the end of the nearest word that says something
    Hint hint = Hint::None;
    bool ascii = true;
    for (size_t end = context.size(); end > 0 && hint == Hint::None;) {
        size_t word = end;
        while (word > 0 && (is_alpha(context[word - 1]) || letter_before(context, word))) {
            word -= is_alpha(context[word - 1]) ? 1 : 2;
        }
        if (word == end) {
            ascii = ascii && static_cast<unsigned char>(context[end - 1]) < 0x80;
            --end;
            continue;
        }
        Hint found = hint_of(context.substr(word, end - word));
        size_t reach = found == Hint::Version || found == Hint::Text ? kNear : found == Hint::Phone ? kReach : kContext;
        if (found != Hint::None && context.size() - end <= reach) {
            hint = found == Hint::Text ? Hint::Phone : found;
            best = end;
        }
        end = word;
    }
    for (const Entry &entry : kAnywhere) {
        size_t found = ascii ? std::string_view::npos : context.rfind(entry.word);
        if (found != std::string_view::npos && found + entry.word.size() >= best) {
            best = found + entry.word.size();
            hint = entry.hint;
        }
    }
    return hint;
}

}  // namespace aigw::guards
